import assert from 'node:assert/strict';
import { type AddressFlags, findPilot } from './pilot-address.ts';

describe('the address of pilot', () => {
  it('is named by a flag, else by the environment, else it is where pilot listens by default', () => {
    const env = { CMESH_PILOT: 'https://mesh:8443/', CMESH_TOKEN: 'secret' };
    const flags = { pilot: 'http://localhost:8081' };
    assert.deepEqual(
      [
        findPilot({}, {}),
        findPilot({}, { CMESH_PILOT: '' }),
        findPilot({}, env),
        findPilot(flags, env),
        findPilot({ server: '127.0.0.1:8081', certificateAuthority: 'ca.pem' }, {}),
        findPilot({ ...flags, server: 'http://other:1' }, {}),
      ],
      [
        { url: 'http://localhost:8080' },
        { url: 'http://localhost:8080' },
        { url: 'https://mesh:8443', source: 'CMESH_PILOT', token: 'secret' },
        { url: 'http://localhost:8081', source: '--pilot', token: 'secret' },
        { url: 'http://127.0.0.1:8081', source: '--server', certificateAuthority: 'ca.pem' },
        { url: 'http://localhost:8081', source: '--pilot' },
      ],
    );
  });

  it('is refused where it is none, with the name of what said it', () => {
    const wrong: readonly (readonly [AddressFlags, Record<string, string>])[] = [
      [{ pilot: 'localhost' }, {}],
      [{ pilot: 'ftp://localhost:8080' }, {}],
      [{ pilot: 'http://localhost:8080/?a=b' }, {}],
      [{}, { CMESH_PILOT: 'the mesh' }],
    ];
    const messages = wrong.map(([flags, env]) => {
      try {
        return findPilot(flags, env).url;
      } catch (error) {
        return (error as Error).message;
      }
    });
    assert.deepEqual(messages, [
      '--pilot "localhost" is not a URL such as http://localhost:8080',
      '--pilot "ftp://localhost:8080" is not a URL such as http://localhost:8080',
      '--pilot "http://localhost:8080/?a=b" is not a URL such as http://localhost:8080',
      'CMESH_PILOT "the mesh" is not a URL such as http://localhost:8080',
    ]);
  });

  it('goes with a token without the line break that its file has, or with none', () => {
    const read = (flags: AddressFlags, env: Record<string, string>): string => {
      try {
        return findPilot(flags, env).token ?? 'none';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const wrong = 'has blanks, line breaks or letters that no token has';
    assert.deepEqual(
      [
        read({}, { CMESH_TOKEN: 'secret\r\n' }),
        read({}, { CMESH_TOKEN: '' }),
        read({ token: '' }, { CMESH_TOKEN: 'secret' }),
        read({ token: 'two\nlines' }, {}),
        read({}, { CMESH_TOKEN: 'ключ' }),
      ],
      ['secret', 'none', '--token is empty', `--token ${wrong}`, `CMESH_TOKEN ${wrong}`],
    );
  });

  it('over a network gets a token by https only', () => {
    const token = 'secret';
    assert.throws(() => findPilot({ pilot: 'http://mesh:8080', token }, {}), { code: 'E_USAGE' });
    assert.equal(findPilot({ pilot: 'http://[::1]:8080', token }, {}).token, token);
  });
});
