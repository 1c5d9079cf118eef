package availability

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		antiAffinityRequiredHostname,
		barePod,
		hpaAndReplicas,
		hpaCannotScale,
		hpaDuplicate,
		hpaMinReplicasSingle,
		hpaTargetMissing,
		hpaTargetWithoutZone,
		hpaWithoutRequests,
		maxUnavailableExceedsSpare,
		minReadySecondsMissing,
		pdbBlocksDrain,
		pdbMissing,
		pdbOverlap,
		pdbSelectsNothing,
		pdbUnhealthyEvictionPolicy,
		replicasSingle,
		replicasSingleWorker,
		spreadMissing,
		spreadSelectorMissesOwnPods,
		statefulsetOnDelete,
		strategyMaxUnavailableAll,
		strategyRecreateBehindService,
		topologyKeyDeprecated,
	}
}

const (
	linkBudget      = "https://kubernetes.io/docs/tasks/run-application/configure-pdb/"
	linkDisruptions = "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/"
	linkEviction    = "https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"
	linkHPA         = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"
	linkRolling     = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy"
	linkSpread      = "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/"
	linkAffinity    = "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity"
)
