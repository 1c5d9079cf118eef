package security

import (
	"maps"
	"slices"
	"strconv"

	"k8s.io/component-helpers/node/util/sysctl"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// safeSysctls are those that the kubelet of 1.32 and later allows by default (kubernetes.io, "Using sysctls in a Kubernetes
// Cluster"; k8s.io/kubernetes pkg/kubelet/sysctl/safe_sysctls.go).
var safeSysctls = map[string]bool{
	"kernel.shm_rmid_forced":              true,
	"net.ipv4.ip_local_port_range":        true,
	"net.ipv4.tcp_syncookies":             true,
	"net.ipv4.ping_group_range":           true,
	"net.ipv4.ip_unprivileged_port_start": true,
	"net.ipv4.ip_local_reserved_ports":    true,
	"net.ipv4.tcp_keepalive_time":         true,
	"net.ipv4.tcp_fin_timeout":            true,
	"net.ipv4.tcp_keepalive_intvl":        true,
	"net.ipv4.tcp_keepalive_probes":       true,
	"net.ipv4.tcp_rmem":                   true,
	"net.ipv4.tcp_wmem":                   true,
}

var sysctlUnsafe = &rule.Rule{
	ID:    "sysctl-unsafe",
	Title: "a pod sets a kernel parameter that nodes refuse",
	Why: "The kubelet starts no pod with a sysctl outside its safe list (status SysctlForbidden) unless the node was started with " +
		"--allowed-unsafe-sysctls. Where it was, the parameter can disturb other pods of the node.",
	How:      "Remove the sysctl, or tune the nodes instead and bind the pod to them with a node selector.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0",
	Links: []string{"https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/", linkStandards},
	Gate: &rule.Gate{Pod: "pod.?securityContext.?sysctls.orValue([]).exists(s, !((s.name.matches('^[^./]*/') ?\n" +
		"  s.name.replace('/', '!').replace('.', '/').replace('!', '.') : s.name) in " + celList(slices.Sorted(maps.Keys(safeSysctls))) + "))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		s := w.Template.Spec.SecurityContext
		if s == nil {
			return
		}
		for i := range s.Sysctls {
			if n := s.Sysctls[i].Name; n != "" && !safeSysctls[sysctl.NormalizeName(n)] {
				p.Report(w.Object, w.SpecPath+".securityContext.sysctls["+strconv.Itoa(i)+"].name", "nodes refuse pods with the sysctl %s unless their kubelet was told to allow it", n)
			}
		}
	},
}
