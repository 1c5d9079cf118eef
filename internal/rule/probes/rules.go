package probes

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		budgetBelowBoot,
		budgetExceedsProgressDeadline,
		budgetTooShort,
		execInnerTimeout,
		execOften,
		hostSet,
		identical,
		initialDelayInsteadOfStartup,
		livenessAsksReadiness,
		livenessCloseToReadiness,
		livenessFast,
		livenessGraceLong,
		livenessHairTrigger,
		livenessMissing,
		livenessStricterThanReadiness,
		livenessTCP,
		meshRewriteOff,
		onJob,
		portNumberUndeclared,
		portUndeclared,
		readinessMissing,
		readinessSlow,
		sidecarStartupMissing,
		startupGateLeaks,
		startupMissing,
		startupPeriodLong,
		timeoutExceedsPeriod,
		timeoutOneSecond,
	}
}

const (
	linkProbes    = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
	linkConfigure = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
	linkLifecycle = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes"
)
