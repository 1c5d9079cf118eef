package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// rootFilesystemWritable has no fix: where a program writes is not in its manifest.
var rootFilesystemWritable = &rule.Rule{
	ID:    "root-filesystem-writable",
	Title: "a container can write to its own image",
	Why: "What is written there is gone with the next restart, fills the node's disk until then, and lets an intruder change the " +
		"program that runs.",
	How:      "Set readOnlyRootFilesystem: true, with an emptyDir for each directory that the program does write to, such as /tmp.",
	Example:  "securityContext:\n  readOnlyRootFilesystem: true\nvolumeMounts:\n  - {name: scratch, mountPath: /tmp}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "pod-is-a-vm",
	Links: []string{linkContext},
	Gate:  &rule.Gate{Let: []rule.Let{letLinux}, Container: "linux && !c.?securityContext.?readOnlyRootFilesystem.orValue(false)"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !judged(w, c) || c.SecurityContext != nil && c.SecurityContext.ReadOnlyRootFilesystem != nil && *c.SecurityContext.ReadOnlyRootFilesystem {
			return
		}
		field := c.Path + ".securityContext.readOnlyRootFilesystem"
		if !hidden(w.Object, field) {
			p.Report(w.Object, field, "%s can write to its own image: what it writes there is lost with the container", kindOf(c))
		}
	},
}
