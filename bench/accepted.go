package main

// accepted names, for each defect, the checks of other tools that are about it. A new finding of another check is chance: the
// change of a few lines also changed what that check looks at. It is generous: a check counts that leads to the right lines,
// whatever the reason it gives. It is not that generous for kubeconform on R04, where it would reject a sound "cpu: 2" as well.
var accepted = map[string]string{
	"P01": "pod-probes-identical",
	"P02": "pod-probes-identical",
	"P07": "liveness-port readiness-port startup-port",
	"P09": "pod-probes no-liveness-probe livenessProbeMissing",
	"P10": "pod-probes no-readiness-probe readinessProbeMissing",

	"A01": "pdb-max-unavailable pdbDisruptionsIsZero",
	"A02": "pdb-min-available pdbDisruptionsIsZero",
	"A03": "pdb-min-available pdbMinAvailableGreaterThanHPAMinReplicas",
	"A04": "pdb-min-available",
	"A07": "deployment-has-poddisruptionbudget missingPodDisruptionBudget",
	"A08": "deployment-targeted-by-hpa-does-not-have-replicas-configured",
	"A10": "hpaMaxAvailability",
	"A11": "horizontalpodautoscaler-has-target dangling-horizontalpodautoscaler",
	"A15": "pod-topology-spread-constraints",
	"A16": "deployment-has-host-podantiaffinity no-anti-affinity topologySpreadConstraint",
	"A17": "deployment-strategy no-rolling-update-strategy",
	"A18": "deployment-replicas minimum-three-replicas deploymentMissingReplicas",

	"S05": "statefulset-has-servicename",
	"S08": "writable-host-mount sensitive-host-mounts hostPathSet",

	"C02": "env-value-from",
	"C04": "env-var-secret sensitiveContainerEnvVar",
	"C06": "read-secret-from-env-var",
	"C07": "environment-variable-key-duplication duplicate-env-var",
	"C10": "sensitiveConfigmapContent",

	"N01": "service-targets-pod dangling-service",
	"N02": "container-ports-check invalid-target-ports",
	"N03": "container-ports-check invalid-target-ports",
	"N05": "networkpolicy-targets-pod dangling-networkpolicy missingNetworkPolicy",
	"N08": "dangling-networkpolicypeer-podselector",
	"N10": "ingress-targets-service dangling-ingress",
	"N11": "ingress-targets-service dangling-ingress",
	"N16": "pod-networkpolicy non-isolated-pod missingNetworkPolicy",
	"N17": "service-type exposed-services",

	"J02": "cronjob-has-deadline",
	"J03": "cronjob-restartpolicy restart-policy schema",
	"J08": "job-ttl-seconds-after-finished",

	"R01": "container-resources unset-cpu-requirements unset-memory-requirements cpuRequestsMissing cpuLimitsMissing memoryRequestsMissing memoryLimitsMissing",
	"R02": "container-memory-requests-equal-limits container-resource-requests-equal-limits",
	"R05": "container-memory-requests-equal-limits container-resource-requests-equal-limits",
	"R06": "cannot-decode schema",

	"I01": "container-image-tag latest-tag tagNotSpecified",
	"I03": "container-image-pull-policy pullPolicyNotAlways",

	"K01": "container-security-context-privileged privileged-container privilege-escalation-container runAsPrivileged privilegeEscalationAllowed",
	"K02": "container-security-context-user-group-id run-as-non-root runAsRootAllowed",
	"K03": "privilege-escalation-container dangerousCapabilities insecureCapabilities",
	"K04": "host-network hostNetworkSet",
	"K05": "automountServiceAccountToken",
	"K06": "container-seccomp-profile linuxHardening",
	"K07": "container-seccomp-profile linuxHardening",
	"K08": "hostPortSet",
	"K10": "container-security-context-readonlyrootfilesystem no-read-only-root-fs notReadOnlyRootFilesystem",
	"K11": "container-security-context-privileged privileged-container privilege-escalation-container runAsPrivileged privilegeEscalationAllowed",

	"B01": "cluster-admin-role-binding clusterrolebindingClusterAdmin",
	"B02": "wildcard-in-rules",
	"B04": "non-existent-service-account",
	"B05": "access-to-create-pods wildcard-in-rules",

	"X01": "schema",
	"X02": "cannot-decode schema",
	"X03": "stable-version no-extensions-v1beta schema",
	"X04": "deployment-pod-selector-labels-match-template-metadata-labels mismatching-selector",
	"X05": "schema",
	"X06": "schema container-security-context-readonlyrootfilesystem no-read-only-root-fs notReadOnlyRootFilesystem privilegeEscalationAllowed",
	"X07": "schema",
	"X09": "service-targets-pod dangling-service ingress-targets-service dangling-ingress",
	"X10": "schema",
	"X11": "container-image-pull-policy pullPolicyNotAlways schema",
	"X12": "use-namespace service-targets-pod dangling-service",
}
