package security

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		apparmorUnconfined,
		capabilitiesNotDropped,
		capabilityAdded,
		capabilityDangerous,
		hostAliases,
		hostIPC,
		hostNetwork,
		hostPathSensitive,
		hostPID,
		hostPort,
		namespacePodSecurityMissing,
		privilegeEscalationAllowed,
		privilegedContainer,
		procMountUnmasked,
		rootFilesystemWritable,
		runAsNonRootUnsaid,
		runAsRoot,
		runAsRootPossible,
		seccompMissing,
		seccompUnconfined,
		selinuxOptionsCustom,
		serviceAccountDefault,
		serviceAccountFieldDeprecated,
		serviceAccountTokenMounted,
		shareProcessNamespace,
		sshPort,
		sysctlUnsafe,
		windowsHostProcess,
	}
}

const (
	linkStandards = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
	linkContext   = "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/"
	linkSeccomp   = "https://kubernetes.io/docs/tutorials/security/seccomp/"
	linkAccounts  = "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"
)
