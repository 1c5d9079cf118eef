package config

import (
	"strconv"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// secretInEnvLiteral never prints the value.
var secretInEnvLiteral = &rule.Rule{
	ID:    "secret-in-env-literal",
	Title: "a credential is written into the manifest",
	Why: "What is in a manifest is in Git's history for ever, on every laptop that cloned it, and in the API for everyone who may read " +
		"Deployments. It cannot be rotated without a commit.",
	How: "Rotate it now, keep the new one in a Secret that something outside of Git makes (External Secrets, Sealed Secrets, a vault), and " +
		"mount that as a file.",
	Example:  "env:\n  - name: DB_PASSWORD_FILE\n    value: /var/run/credentials/password   # a mounted Secret\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "secret-in-git",
	Links: []string{"https://kubernetes.io/docs/concepts/security/secrets-good-practices/", "https://owasp.org/www-project-kubernetes-top-ten/"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		for i := range c.Env {
			e := &c.Env[i]
			if len(e.Value) < 3 || e.ValueFrom != nil {
				continue
			}
			field := func() string { return c.Path + ".env[" + strconv.Itoa(i) + "].value" }
			if what := credential(e.Value); what != "" {
				p.Report(w.Object, field(), "%s of container %s holds %s in plain text", e.Name, c.Name, what)
			} else if maySecret(e.Name) && secretName(e.Name) && secretValue(e.Name, e.Value) && p.Lookup(w.Object, "", "Secret", "", e.Value) == nil {
				p.Report(w.Object, field(), "%s of container %s is a credential in plain text, by its name", e.Name, c.Name)
			}
		}
	},
}
