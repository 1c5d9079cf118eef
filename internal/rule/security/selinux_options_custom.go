package security

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// The fix takes away the user and role that runtimes give every container anyway (container-selinux, system_u:system_r:container_t):
// Pod Security refuses those too.
var selinuxOptionsCustom = &rule.Rule{
	ID:    "selinux-options-custom",
	Title: "a pod leaves SELinux' confinement of containers",
	Why: "Types such as spc_t switch SELinux off for a container, and a user or role of its own can do the same. Pod Security's baseline " +
		"level refuses them.",
	How:      "Remove type, user and role; a level, to share a volume, may stay.",
	Example:  "securityContext:\n  seLinuxOptions:\n    level: s0:c123,c456\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container", Fixes: true,
	Links: []string{linkStandards},
	Gate: &rule.Gate{Let: append(letNodeAgent, letLinux), Pod: "linux && !nodeAgent &&\n" +
		"([pod.?securityContext.?seLinuxOptions.orValue({})] + containers.filter(c, !" + celPrivileged + ").map(c, c.?securityContext.?seLinuxOptions.orValue({}))).exists(o,\n" +
		"  !(o.?type.orValue('') in ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']) || o.?user.orValue('') != '' || o.?role.orValue('') != '')"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !linux(w) || nodeAgent(w) {
			return
		}
		if s := w.Template.Spec.SecurityContext; s != nil {
			reportSELinux(p, w, w.SpecPath, "the pods", s.SELinuxOptions)
		}
		for i := range w.Containers {
			if c := &w.Containers[i]; c.SecurityContext != nil && !privileged(c) {
				reportSELinux(p, w, c.Path, kindOf(c), c.SecurityContext.SELinuxOptions)
			}
		}
	},
}

func reportSELinux(p *rule.Pass, w *cluster.Workload, path, who string, o *corev1.SELinuxOptions) {
	if o == nil {
		return
	}
	path += ".securityContext.seLinuxOptions"
	switch o.Type {
	case "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t":
	default:
		p.Report(w.Object, path+".type", "SELinux type %s is none that confines a container: %s may do more on the node", o.Type, who)
	}
	if o.User != "" {
		f := p.Report(w.Object, path+".user", "a SELinux user of its own, %s, takes %s out of the confinement of containers", o.User, who)
		if o.User == "system_u" {
			f.Fix = rule.Mend("remove user: system_u, which containers have anyway", rule.Remove(f.Field))
		}
	}
	if o.Role != "" {
		f := p.Report(w.Object, path+".role", "a SELinux role of its own, %s, takes %s out of the confinement of containers", o.Role, who)
		if o.Role == "system_r" {
			f.Fix = rule.Mend("remove role: system_r, which containers have anyway", rule.Remove(f.Field))
		}
	}
}
