// Package config judges how pods get their configuration: that the ConfigMaps, Secrets and keys they name exist, that a change of
// them arrives, and that secrets are kept where secrets belong.
package config

import "github.com/fairway-k8s/fairway/internal/rule"

// Rules returns the family.
func Rules() []*rule.Rule {
	return []*rule.Rule{
		changeDoesNotRoll,
		configMapKeyMissing,
		configMapMissing,
		envDuplicate,
		secretInConfigMap,
		secretInEnvLiteral,
		secretKeyMissing,
		secretMissing,
		secretViaEnv,
		secretWritten,
		subPathNeverRefreshes,
	}
}

const (
	linkConfigMap = "https://kubernetes.io/docs/concepts/configuration/configmap/"
	linkSecret    = "https://kubernetes.io/docs/concepts/configuration/secret/"
)
