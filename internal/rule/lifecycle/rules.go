package lifecycle

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		graceBelowRequest,
		gracePeriodVeryLong,
		gracePeriodZero,
		prestopExceedsGrace,
		prestopExecSleep,
		prestopMissing,
		prestopTooShort,
		shellKeepsSigterm,
	}
}

const (
	linkTermination = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
	linkHooks       = "https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/"
	linkEndpoints   = "https://kubernetes.io/docs/tutorials/services/pods-and-endpoint-termination-flow/"
	linkSleep       = "https://github.com/kubernetes/enhancements/issues/3960"
)
