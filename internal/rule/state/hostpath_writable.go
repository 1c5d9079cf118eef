package state

import (
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// hostPathWritable leaves sockets and devices alone: readOnly does not change what can be done through them. Here and for agents, the
// fix is for what pods mount to know the node's time zone and identity, which they read and never write.
var hostPathWritable = &rule.Rule{
	ID:    "hostpath-writable",
	Title: "a pod can write to its node's file system",
	Why: "What is written there stays on that node: the pod that is moved does not find it, and nobody cleans it up. Whoever takes over " +
		"the container can plant files that the node trusts.",
	How: "Use a claim for data and an emptyDir with sizeLimit for scratch. Set readOnly: true on the mount when the pod only reads what " +
		"the node has.",
	Example:  "volumeMounts:\n  - {name: zoneinfo, mountPath: /usr/share/zoneinfo, readOnly: true}\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Fixes: true,
	Links: []string{linkVolumes + "#hostpath"},
	Gate:  &rule.Gate{Let: letNodeAgent, Pod: "!nodeAgent && " + celWritableHostPath},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !nodeAgent(w) {
			judgeHostPaths(p, w)
		}
	},
}

var hostPathWritableNodeAgent = &rule.Rule{
	ID:    "hostpath-writable-node-agent",
	Title: "an agent can write to its node's file system",
	Why: "Agents read much of a node and write little of it. A mount that is writable without need lets whoever takes over the container " +
		"plant files on every node.",
	How:      "Set readOnly: true on every hostPath mount that the agent only reads; mount the one folder it writes on its own.",
	Example:  "volumeMounts:\n  - {name: logs, mountPath: /var/log, readOnly: true}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{linkVolumes + "#hostpath"},
	Gate:  &rule.Gate{Let: letNodeAgent, Pod: "nodeAgent && " + celWritableHostPath},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if nodeAgent(w) {
			judgeHostPaths(p, w)
		}
	},
}

// nodeAgent reports whether w belongs to a node: a DaemonSet, or a static pod of the control plane.
func nodeAgent(w *cluster.Workload) bool {
	return w.Kind == "DaemonSet" || w.Is("", "Pod") && w.Namespace == "kube-system" && w.Template.Spec.HostNetwork
}

func judgeHostPaths(p *rule.Pass, w *cluster.Workload) {
	for i := range w.Template.Spec.Volumes {
		v := &w.Template.Spec.Volumes[i]
		if v.HostPath == nil || endpointOrDevice(v.HostPath) {
			continue
		}
		if c := writer(w, v.Name); c != nil {
			f := p.Report(w.Object, volumePath(w, i)+".hostPath", "container %s can write to %s of the node (volume %s)", c.Name, v.HostPath.Path, v.Name)
			if onlyRead(v.HostPath.Path) {
				f.Fix = rule.Mend("set readOnly: true", mountReadOnly(w, v.Name)...)
			}
		}
	}
}

// onlyRead reports whether a path of the node is one that programs in pods read and nothing but the node's administrator writes.
func onlyRead(file string) bool {
	file = path.Clean(file)
	switch file {
	case "/etc/localtime", "/etc/timezone", "/etc/machine-id", "/etc/os-release", "/usr/lib/os-release", "/usr/share/zoneinfo":
		return true
	}
	return strings.HasPrefix(file, "/usr/share/zoneinfo/")
}

// mountReadOnly changes all mounts of a volume that can be written through.
func mountReadOnly(w *cluster.Workload, volume string) []source.Change {
	var changes []source.Change
	for i := range w.Containers {
		c := &w.Containers[i]
		for k := range c.VolumeMounts {
			if m := &c.VolumeMounts[k]; m.Name == volume && !m.ReadOnly {
				changes = append(changes, rule.Set(c.Path+".volumeMounts["+strconv.Itoa(k)+"].readOnly", source.Bool(true), "mountPath"))
			}
		}
	}
	return changes
}

func endpointOrDevice(h *corev1.HostPathVolumeSource) bool {
	if h.Type != nil {
		switch *h.Type {
		case corev1.HostPathSocket, corev1.HostPathCharDev, corev1.HostPathBlockDev:
			return true
		}
	}
	return strings.HasSuffix(h.Path, ".sock") || h.Path == "/dev" || strings.HasPrefix(h.Path, "/dev/")
}

// writer returns the first container that mounts a volume writable.
func writer(w *cluster.Workload, volume string) *cluster.Container {
	for i := range w.Containers {
		c := &w.Containers[i]
		for k := range c.VolumeMounts {
			if m := &c.VolumeMounts[k]; m.Name == volume && !m.ReadOnly {
				return c
			}
		}
	}
	return nil
}
