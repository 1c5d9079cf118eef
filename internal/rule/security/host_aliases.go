package security

import (
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var hostAliases = &rule.Rule{
	ID:    "host-aliases",
	Title: "names are bound to fixed addresses in /etc/hosts",
	Why: "The address stays when the machine behind it moves, and calls go to whoever has it then. It also hides from DNS, NetworkPolicy " +
		"reviews and the mesh who is called.",
	How:      "Give the name a Service without a selector and an EndpointSlice, an ExternalName Service, or an entry in DNS.",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/", "https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors"},
	Gate:  &rule.Gate{Pod: "pod.?hostAliases.orValue([]).exists(a, size(a.?hostnames.orValue([])) > 0 && !(a.ip in ['127.0.0.1', '::1']))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		for _, a := range w.Template.Spec.HostAliases {
			if len(a.Hostnames) > 0 && a.IP != "127.0.0.1" && a.IP != "::1" {
				p.Report(w.Object, w.SpecPath+".hostAliases", "%s is bound to %s here, and stays so when it moves", a.Hostnames[0], a.IP)
				return
			}
		}
	},
}
