package config

import (
	"strconv"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var secretViaEnv = &rule.Rule{
	ID:    "secret-via-env",
	Title: "a secret is handed over in the environment",
	Why: "An environment variable is inherited by every child process, shows in crash reports and debug pages, and keeps its value until " +
		"the pod restarts, so that rotating the secret is a rollout. A mounted file has none of that.",
	How:      "Mount the Secret as a read-only volume and let the program read the file; many take the path as NAME_FILE.",
	Example:  "volumeMounts:\n  - {name: credentials, mountPath: /var/run/credentials, readOnly: true}\nvolumes:\n  - name: credentials\n    secret: {secretName: shop-db}\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0",
	Links: []string{linkSecret, "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"},
	Gate:  &rule.Gate{Container: "c.?env.orValue([]).exists(e, has(e.?valueFrom.secretKeyRef)) || c.?envFrom.orValue([]).exists(e, has(e.secretRef))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		field, name, count := "", "", 0
		for i := range c.Env {
			if from := c.Env[i].ValueFrom; from != nil && from.SecretKeyRef != nil {
				if count++; count == 1 {
					field, name = c.Path+".env["+strconv.Itoa(i)+"].valueFrom.secretKeyRef", c.Env[i].Name+" comes"
				}
			}
		}
		for i := range c.EnvFrom {
			if ref := c.EnvFrom[i].SecretRef; ref != nil {
				if count++; count == 1 {
					field, name = c.Path+".envFrom["+strconv.Itoa(i)+"].secretRef", "all of Secret "+ref.Name+" comes"
				}
			}
		}
		switch {
		case count == 1:
			p.Report(w.Object, field, "%s from a Secret through the environment of %s", name, c.Name)
		case count > 1:
			p.Report(w.Object, field, "%s from a Secret through the environment of %s, and %d more like it", name, c.Name, count-1)
		}
	},
}
