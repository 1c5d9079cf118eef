package security

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// nodePaths are the directories that hold what makes a node a node, with what is found there. They count themselves, not what lies
// below: a log collector's /var/log or a driver's own directory under /var/lib/kubelet is no way to root.
var nodePaths = map[string]string{
	"/":                         "the node's whole file system",
	"/bin":                      "the node's programs",
	"/boot":                     "the node's kernel",
	"/dev":                      "the node's devices and disks",
	"/etc":                      "the node's configuration and passwords",
	"/etc/kubernetes":           "the keys of the kubelet and of the control plane",
	"/etc/kubernetes/manifests": "the pods that the kubelet starts without asking anybody",
	"/etc/kubernetes/pki":       "the keys of the control plane",
	"/home":                     "the home directories of the node's users",
	"/lib":                      "the node's libraries",
	"/lib64":                    "the node's libraries",
	"/opt":                      "programs of the node",
	"/proc":                     "the node's kernel and processes",
	"/root":                     "root's home directory",
	"/sbin":                     "the node's programs",
	"/sys":                      "the node's kernel and devices",
	"/usr":                      "the node's programs",
	"/var":                      "the data of the kubelet and of every pod",
	"/var/lib":                  "the data of the kubelet and of every pod",
	"/var/lib/containerd":       "the file systems of all containers",
	"/var/lib/containers":       "the file systems of all containers",
	"/var/lib/docker":           "the file systems of all containers",
	"/var/lib/etcd":             "the cluster's whole state, Secrets included",
	"/var/lib/kubelet":          "the Secrets and tokens of every pod of the node",
	"/var/lib/kubelet/pki":      "the kubelet's keys",
}

// socketPaths are directories with the socket of a container runtime. Whoever speaks to it starts containers as root; a read-only
// mount does not keep anybody from speaking.
var socketPaths = map[string]bool{
	"/run": true, "/var/run": true, "/run/containerd": true, "/var/run/containerd": true, "/run/crio": true, "/var/run/crio": true, "/run/docker": true, "/var/run/docker": true,
}

var socketNames = []string{"docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock", "podman.sock"}

func runtimeSocket(dir string) bool {
	for _, n := range socketNames {
		if strings.HasSuffix(dir, "/"+n) {
			return true
		}
	}
	return socketPaths[dir]
}

// hostPathSensitive leaves alone what is a node agent's job: to read the node, which exporters and collectors do with read-only
// mounts, and whatever the parts of the cluster itself do.
var hostPathSensitive = &rule.Rule{
	ID:    "hostpath-sensitive",
	Title: "pods mount a path that gives away their node",
	Why: "Who can write to the node's configuration, programs or container runtime is root on the node, whatever the container's own " +
		"user is. Who can read them finds the keys and the Secrets of every pod there.",
	How: "Mount what is needed and no more, read-only, or remove the volume. To build images use a builder that needs no socket; to see " +
		"pods ask the API.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "root-container",
	Links: []string{"https://kubernetes.io/docs/concepts/storage/volumes/#hostpath", linkStandards},
	Gate: &rule.Gate{Let: append(letNodeAgent, letMounted, letWritable, rule.Let{Name: "dirs", Expression: "pod.?volumes.orValue([]).filter(v, v.?hostPath.?path.orValue('') != '').map(v, {'name': v.name, 'path':\n" +
		"  dyn((v.hostPath.path.startsWith('/') ? '/' : '') + v.hostPath.path.split('/').filter(p, p != '' && p != '.').join('/'))})"}),
		Pod: "!partOfNode && dirs.exists(d, d.path in " + celList(slices.Sorted(maps.Keys(socketPaths))) + " ||\n" +
			"  d.path.matches('/(" + strings.ReplaceAll(strings.Join(socketNames, "|"), ".", "[.]") + ")$') ||\n" +
			"  d.path in " + celList(slices.Sorted(maps.Keys(nodePaths))) + " && !(nodeAgent &&\n" +
			"    mounted.exists(l, d.name in l) && !writable.exists(l, d.name in l)))"},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		for i := range w.Template.Spec.Volumes {
			v := &w.Template.Spec.Volumes[i]
			if v.HostPath == nil || v.HostPath.Path == "" || partOfNode(w) {
				continue
			}
			dir := path.Clean(v.HostPath.Path)
			field := w.SpecPath + ".volumes[" + strconv.Itoa(i) + "].hostPath.path"
			switch {
			case runtimeSocket(dir):
				message := "%s leads to the container runtime's socket: whoever speaks to it is root on the node"
				if readOnly(w, v) {
					message += ", and readOnly does not prevent that"
				}
				p.Report(w.Object, field, message, dir)
			case nodePaths[dir] != "" && !(nodeAgent(w) && readOnly(w, v)):
				p.Report(w.Object, field, "%s holds %s, and the pods can %s it", dir, nodePaths[dir], access(w, v))
			}
		}
	},
}

// The names of the volumes that each container mounts, and mounts writable.
var (
	letMounted  = rule.Let{Name: "mounted", Expression: "containers.map(c, c.?volumeMounts.orValue([]).map(m, m.name))"}
	letWritable = rule.Let{Name: "writable", Expression: "containers.map(c, c.?volumeMounts.orValue([]).filter(m, !m.?readOnly.orValue(false)).map(m, m.name))"}
)

// readOnly reports whether a volume is mounted somewhere and nowhere for writing.
func readOnly(w *cluster.Workload, v *corev1.Volume) bool {
	found := false
	for i := range w.Containers {
		for _, m := range w.Containers[i].VolumeMounts {
			if m.Name == v.Name {
				found = true
				if !m.ReadOnly {
					return false
				}
			}
		}
	}
	return found
}

func access(w *cluster.Workload, v *corev1.Volume) string {
	if readOnly(w, v) {
		return "read"
	}
	return "change"
}
