// Package availability judges whether an application keeps answering while nodes are drained, pods are replaced and load changes:
// disruption budgets, autoscalers, replicas, rollout strategy and spread.
//
// # Words
//
//	kept      a workload whose controller keeps a number of equal pods alive: see kept
//	floor     the fewest pods that a workload runs on purpose: the autoscaler's minimum, else spec.replicas
//	scaler    a HorizontalPodAutoscaler or a KEDA ScaledObject
//	budget    a PodDisruptionBudget
//	blocked   a budget that allows no eviction although all pods are ready
//	alone     pods that hold what only one of them can hold (a ReadWriteOnce claim, a host port): more of them do not fit
//
// # Absence
//
// An autoscaler or a budget may be in another repository. Where the input cannot know, the answer is unknown. replicas that are
// left out are such a case: they say 1, or that an autoscaler decides.
//
// # What it leaves out
//
// Pods of DaemonSets and Jobs, bare pods, and workloads that another object controls: no number of replicas of theirs is anybody's
// choice. Fragments of patches, recognised by containers without an image.
package availability
