package security

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// privilegedContainer leaves alone what has to be privileged: the API admits mounts with propagation to the host for no other
// container, and parts of the node do the node's work.
var privilegedContainer = &rule.Rule{
	ID:    "privileged-container",
	Title: "a container is privileged",
	Why: "A privileged container has all capabilities, all devices of the node and no seccomp or AppArmor profile. Whoever takes over the " +
		"process has the node, and with it the Secrets of every pod there.",
	How:      "Remove privileged: true. If the program needs something of root's, add that one capability and drop the others.",
	Example:  "securityContext:\n  allowPrivilegeEscalation: false\n  capabilities:\n    drop: [ALL]\n    add: [NET_BIND_SERVICE]\n",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "root-container",
	Links: []string{linkStandards, linkContext},
	Gate: &rule.Gate{Let: []rule.Let{letPartOfNode}, Container: celPrivileged + " && !partOfNode && " +
		"!c.?volumeMounts.orValue([]).exists(m, m.?mountPropagation.orValue('') == 'Bidirectional')"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !privileged(c) || partOfNode(w) || slices.ContainsFunc(c.VolumeMounts, propagates) {
			return
		}
		p.Report(w.Object, c.Path+".securityContext.privileged", "%s has every capability and every device of the node: it is root there", kindOf(c))
	},
}

func propagates(m corev1.VolumeMount) bool {
	return m.MountPropagation != nil && *m.MountPropagation == corev1.MountPropagationBidirectional
}
