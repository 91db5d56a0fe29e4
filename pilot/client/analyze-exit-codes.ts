/** How `cmesh analyze` ends: the codes of istioctl (istio/istio istioctl/cmd/sysexits.go), so that CI jobs need no change. */
export const analyzeExitCodes = {
  none: 0,
  unreadable: 65,
  issues: 79,
} as const;
