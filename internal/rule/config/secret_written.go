package config

import (
	"encoding/base64"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// secretWritten is about files only: a cluster's Secrets have to be somewhere. It leaves what names and shapes do not tell to be a credential, and
// what SOPS has encrypted.
var secretWritten = &rule.Rule{
	ID:    "secret-written",
	Title: "a Secret's manifest holds a credential",
	Why: "Secrets are base64, which everybody can read: in a file a Secret is as open as a ConfigMap, and in Git's history for ever. In a cluster it is encrypted only " +
		"where that was set up, and whoever may create pods in the namespace can read it.",
	How: "Rotate it, and let something outside of Git make the Secret: External Secrets, Sealed Secrets, SOPS, a vault.",
	Example: "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n  secretStoreRef: {name: vault, kind: ClusterSecretStore}\n  target: {name: shop-db}\n" +
		"  dataFrom:\n    - extract: {key: shop/db}\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "secret-in-git",
	Links: []string{"https://kubernetes.io/docs/concepts/security/secrets-good-practices/", linkSecret},
	Object: func(p *rule.Pass, o *cluster.Object) {
		s := cluster.As[*corev1.Secret](o)
		if s == nil || p.Coverage() != nil || !o.Root.Get("sops").IsZero() {
			return
		}
		for _, key := range slices.Sorted(maps.Keys(s.Data)) { // stringData among them, as in the API
			field, value := "stringData["+key+"]", string(s.Data[key])
			if !o.Has(field) {
				field = "data[" + key + "]"
				if again, err := base64.StdEncoding.DecodeString(value); err == nil && credential(string(again)) != "" {
					value = string(again) // encoded twice
				}
			}
			if what := credential(value); what != "" {
				p.Report(o, field, "%s is %s, for everybody who can read the file", key, what)
			} else if len(value) > 2 && maySecret(key) && secretName(key) && secretValue(key, value) {
				p.Report(o, field, "%s is a credential by its name, for everybody who can read the file", key)
			}
		}
	},
}
