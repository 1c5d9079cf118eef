package security

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var apparmorUnconfined = &rule.Rule{
	ID:    "apparmor-unconfined",
	Title: "AppArmor is switched off",
	Why: "On nodes with AppArmor every container gets the runtime's profile, which keeps it from mounting and from writing to /proc and " +
		"/sys. Unconfined takes that away, and Pod Security's baseline level refuses the pod.",
	How:      "Remove the profile, so that the runtime's default applies, or name one of your own with type: Localhost.",
	Example:  "securityContext:\n  appArmorProfile:\n    type: RuntimeDefault\n",
	Severity: finding.Should, Profile: rule.Strict, Since: "0.1.0", Incident: "root-container",
	Links: []string{"https://kubernetes.io/docs/tutorials/security/apparmor/", linkStandards},
	Gate: &rule.Gate{Let: []rule.Let{letLinux}, Pod: "linux && (containers.exists(c, !" + celPrivileged + " &&\n" +
		"  c.?securityContext.?appArmorProfile.orValue(pod.?securityContext.?appArmorProfile.orValue({})).?type.orValue('') == 'Unconfined') ||\n" +
		"template.?annotations.orValue({}).exists(k, k.startsWith('container.apparmor.security.beta.kubernetes.io/') && template.annotations[k] == 'unconfined'))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !linux(w) {
			return
		}
		var inherit []*cluster.Container
		for i := range w.Containers {
			c := &w.Containers[i]
			switch {
			case privileged(c):
			case c.SecurityContext != nil && c.SecurityContext.AppArmorProfile != nil:
				if c.SecurityContext.AppArmorProfile.Type == corev1.AppArmorProfileTypeUnconfined {
					p.Report(w.Object, c.Path+".securityContext.appArmorProfile.type", "AppArmor is switched off for %s", kindOf(c))
				}
			default:
				inherit = append(inherit, c)
			}
		}
		if s := w.Template.Spec.SecurityContext; len(inherit) > 0 && s != nil && s.AppArmorProfile != nil && s.AppArmorProfile.Type == corev1.AppArmorProfileTypeUnconfined {
			p.Report(w.Object, w.SpecPath+".securityContext.appArmorProfile.type", "AppArmor is switched off for %s", names(inherit))
		}
		for _, key := range slices.Sorted(maps.Keys(w.Template.Annotations)) {
			if c, ok := strings.CutPrefix(key, corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix); ok && w.Template.Annotations[key] == corev1.DeprecatedAppArmorBetaProfileNameUnconfined {
				p.Report(w.Object, w.MetaPath+".annotations["+key+"]", "AppArmor is switched off for container %s", c)
			}
		}
	},
}
