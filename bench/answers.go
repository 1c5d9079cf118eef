package main

// answers say, for each check of a peer that finds something in the manifests of golden paths, why that is so: an argued default, what a
// service file asked for, or an older version of kore that its next one mended.
var answers = map[[2]string]string{
	{"kube-linter", "dnsconfig-options"}:                      "It wants ndots: 2. Names outside are then asked for fewer times; a name such as checkout.shop.svc is asked for outside first, and not found at all by musl's resolver (Alpine). A team may choose that; a default may not.",
	{"kube-linter", "required-annotation-email"}:              "A label says whose it is, so that tools can select by it (" + anchor("recommended-labels") + "); who that is changes more often than manifests do.",
	{"kube-linter", "no-node-affinity"}:                       "A pod that may run on any node is easier to place; `nodes` in the service file ties it to a pool.",
	{"kube-linter", "restart-policy"}:                         "It does not see what the API server fills in: a Deployment's and a StatefulSet's pods have Always. A job's have Never, so that a failed try stays with its logs (" + anchor("cron-deadlines") + ").",
	{"kube-linter", "no-readiness-probe"}:                     "Workers and jobs: nobody sends them requests, so that there is nothing to be ready for (" + anchor("readiness-split") + ").",
	{"kube-linter", "no-liveness-probe"}:                      "Jobs: a run that hangs is ended by its deadline (" + anchor("cron-deadlines") + ").",
	{"kube-linter", "minimum-three-replicas"}:                 "Asked for: fewer pods in the service file, or a worker, which has two unless told otherwise: its queue waits.",
	{"kube-linter", "hpa-minimum-three-replicas"}:             "Asked for: `scaling.min: 1`.",
	{"kube-linter", "no-anti-affinity"}:                       "Pods are spread over hosts and zones by topologySpreadConstraints, which it does not read, and which give way when a node is missing (" + anchor("spread-zones-hosts") + "). TestSpread has the scheduler do it.",
	{"kube-linter", "privileged-ports"}:                       "Asked for: port 1, the smallest that the service file takes.",
	{"kube-linter", "job-ttl-seconds-after-finished"}:         "Both are meant: the last three runs, for a week at most (" + anchor("job-ttl") + "). It was a day, which took a daily job's last runs; mended.",
	{"kube-linter", "dangling-networkpolicypeer-podselector"}: "The peers are other services, whose pods are not in the input.",
	{"kube-linter", "exposed-services"}:                       "Asked for: `exposure: internal`, a load balancer for connected networks only (" + anchor("service-internal") + ").",
	{"kube-linter", "pdb-unhealthy-pod-eviction-policy"}:      "kore 1.0.0, an old version; 1.1.0 sets it.",

	{"kube-score", "container-resources"}:                              "There is no CPU limit, on purpose (" + anchor("cpu-limit-none") + "). The rest of the check, memory and requests, is content.",
	{"kube-score", "container-image-pull-policy"}:                      "An image that never changes need not be asked for at every start (" + anchor("pull-if-not-present") + ").",
	{"kube-score", "container-resource-requests-equal-limits"}:         "Requests are what is used and limits where it ends; equal they would pay for the peak all day (" + anchor("requests-set") + ").",
	{"kube-score", "container-cpu-requests-equal-limits"}:              "There is no CPU limit, on purpose (" + anchor("cpu-limit-none") + ").",
	{"kube-score", "container-memory-requests-equal-limits"}:           "A quarter of headroom above the request, unless the service file says equal (" + anchor("memory-limit-set") + ").",
	{"kube-score", "container-ephemeral-storage-request-equals-limit"}: "Room for a burst of logs above what is always kept free (" + anchor("emptydir-sized") + ").",
	{"kube-score", "deployment-has-host-podantiaffinity"}:              "Pods are spread over hosts by topologySpreadConstraints, which it does not read (" + anchor("spread-zones-hosts") + ").",
	{"kube-score", "statefulset-has-host-podantiaffinity"}:             "kore: spread over hosts by topologySpreadConstraints. Fairway's own path has the anti-affinity, as a must.",
	{"kube-score", "deployment-replicas"}:                              "Asked for: one pod in the service file.",
	{"kube-score", "horizontalpodautoscaler-replicas"}:                 "Asked for: `scaling.min: 1`.",
	{"kube-score", "cronjob-has-deadline"}:                             "kore 1.0.0, an old version; 1.1.0 sets it.",

	{"polaris", "cpuLimitsMissing"}:              "On purpose (" + anchor("cpu-limit-none") + ").",
	{"polaris", "pullPolicyNotAlways"}:           "An image that never changes need not be asked for at every start (" + anchor("pull-if-not-present") + ").",
	{"polaris", "priorityClassNotSet"}:           "Classes belong to a cluster, and pods that name one that is not there are refused. A path of an organisation's own can set it.",
	{"polaris", "metadataAndInstanceMismatched"}: "The label app.kubernetes.io/instance tells copies of one application apart; a service has one, and what it would say is its name (" + anchor("recommended-labels") + ").",
	{"polaris", "missingNetworkPolicy"}:          "There is one. It lets nobody in, as nobody calls workers and jobs (" + anchor("network-default-deny") + "), and the check wants a rule that lets somebody in.",
	{"polaris", "readinessProbeMissing"}:         "Workers: nobody sends them requests, so that there is nothing to be ready for (" + anchor("readiness-split") + ").",
	{"polaris", "automountServiceAccountToken"}:  "Asked for: `api` in the service file, for a Role with these rights and no others (" + anchor("rights-by-name") + ").",
	{"polaris", "deploymentMissingReplicas"}:     "Asked for: one pod in the service file; or an autoscaler decides, and replicas are left out (" + anchor("replicas-by-hpa") + ").",
	{"polaris", "hpaMinAvailability"}:            "Asked for: `scaling.min: 1`.",
}

// anchor links a default's record.
func anchor(id string) string { return "[" + id + "](reference/defaults.md#" + id + ")" }
