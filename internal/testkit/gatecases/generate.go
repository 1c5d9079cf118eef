// Package gatecases makes the objects on which rules, their twins in CEL and real API servers are held against each other: workloads of
// every kind in which each field that a rule looks at is set to each of the values that matter to it, by chance but the same ones for the
// same seed, and those of the rules' own tests.
package gatecases

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Case is one object.
type Case struct {
	Name string
	Text string // of the manifest: JSON or YAML, one document
}

type m = map[string]any

// generator makes one object after another.
type generator struct{ r *rand.Rand }

// Generate returns n objects. Some of them are ones that an API server refuses: its rules are not repeated here.
func Generate(seed uint64, n int) []Case {
	g := generator{rand.New(rand.NewPCG(seed, 1))}
	out := make([]Case, n)
	for i := range out {
		o := g.object(i)
		data, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		out[i] = Case{fmt.Sprintf("generated/%05d-%s", i, strings.ToLower(o["kind"].(string))), string(data)}
	}
	return out
}

// one returns one of its arguments; nil stands for a field that is absent.
func (g generator) one(values ...any) any { return values[g.r.IntN(len(values))] }

func (g generator) chance(percent int) bool { return g.r.IntN(100) < percent }

// set gives a field a value at times, most often not.
func (g generator) set(o m, key string, percent int, values ...any) {
	if g.chance(percent) {
		if v := g.one(values...); v != nil {
			o[key] = v
		}
	}
}

func (g generator) object(i int) m {
	kind := g.one("Deployment", "Deployment", "StatefulSet", "StatefulSet", "DaemonSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "Pod", "Job", "CronJob", "Namespace", "Service", "PersistentVolume", "PersistentVolumeClaim").(string)
	meta := m{"name": fmt.Sprintf("%s-%d", g.one("app", "gitea", "node-exporter", "bastion").(string), i), "namespace": g.one("shop", "shop", "shop", "billing", "kube-system")}
	labels := m{"app": "a"}
	switch kind {
	case "Namespace":
		o := m{"apiVersion": "v1", "kind": kind, "metadata": m{"name": fmt.Sprintf("%s%d", g.one("team-", "kube-x").(string), i)}}
		if g.chance(60) {
			o["metadata"].(m)["labels"] = m{g.one("team", "pod-security.kubernetes.io/enforce").(string): "restricted"}
		}
		return o
	case "Service":
		spec := m{"ports": []any{m{"port": 80}}}
		g.set(spec, "externalIPs", 50, []any{"192.0.2.1"})
		return m{"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}
	case "PersistentVolume":
		delete(meta, "namespace")
		spec := m{"capacity": m{"storage": "1Gi"}, "accessModes": []any{"ReadWriteMany"}}
		g.set(spec, "persistentVolumeReclaimPolicy", 60, "Delete", "Retain")
		g.set(spec, "nfs", 50, m{"server": "nfs.example.com", "path": "/x"})
		if spec["nfs"] == nil {
			spec["csi"] = m{"driver": "csi.example.com", "volumeHandle": "v"}
		}
		return m{"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}
	case "PersistentVolumeClaim":
		spec := m{"accessModes": []any{g.one("ReadWriteMany", "ReadWriteOnce")}, "resources": m{"requests": m{"storage": "1Gi"}}}
		return m{"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}
	case "Pod":
		spec := g.pod(kind)
		g.set(meta, "annotations", 10, m{"container.apparmor.security.beta.kubernetes.io/main": "unconfined"})
		return m{"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}
	}
	template := m{"metadata": m{"labels": labels}, "spec": g.pod(kind)}
	g.set(template["metadata"].(m), "annotations", 10, m{"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}, m{"x": "unconfined"}, m{"container.apparmor.security.beta.kubernetes.io/main": "runtime/default"})
	spec := m{"template": template}
	o := m{"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec}
	selector := m{"matchLabels": labels}
	switch kind {
	case "Deployment":
		spec["selector"] = selector
		g.set(spec, "progressDeadlineSeconds", 40, 60, 300, 900)
		g.set(spec, "minReadySeconds", 20, 10, 50)
		g.set(spec, "replicas", 40, 0, 1, 3)
	case "StatefulSet":
		spec["selector"], spec["serviceName"] = selector, "db"
		if g.chance(60) {
			spec["volumeClaimTemplates"] = []any{m{"metadata": m{"name": g.one("data", "scratch")}, "spec": m{"accessModes": []any{g.one("ReadWriteOnce", "ReadWriteMany")}, "resources": m{"requests": m{"storage": "1Gi"}}}}}
		}
		g.set(spec, "persistentVolumeClaimRetentionPolicy", 50, m{"whenDeleted": "Delete"}, m{"whenScaled": "Delete"}, m{"whenDeleted": "Retain", "whenScaled": "Retain"})
		g.set(spec, "updateStrategy", 40, m{"type": "OnDelete"}, m{"type": "RollingUpdate"})
	case "DaemonSet":
		spec["selector"] = selector
	case "ReplicaSet":
		spec["selector"] = selector
	case "ReplicationController":
		o["apiVersion"], spec["selector"] = "v1", labels
	case "Job":
		o["apiVersion"] = "batch/v1"
		g.job(spec)
		if g.chance(20) {
			meta["annotations"] = m{g.one("helm.sh/hook", "argocd.argoproj.io/hook", "x").(string): g.one("", "PreSync")}
		}
		if g.chance(10) {
			meta["ownerReferences"] = []any{m{"apiVersion": "example.com/v1", "kind": "Run", "name": "r", "uid": "1"}}
		}
	case "CronJob":
		o["apiVersion"] = "batch/v1"
		g.job(spec)
		spec = m{"jobTemplate": m{"spec": spec}}
		o["spec"] = spec
		spec["schedule"] = g.one("* * * * *", "*/1 * * * *", "15 4 * * *", "0 * * * *", "@daily", "*/5 * * * *", " 15  4 * *  * ")
		g.set(spec, "startingDeadlineSeconds", 50, 0, 5, 9, 10, 600)
		g.set(spec, "timeZone", 40, "Etc/UTC")
		g.set(spec, "suspend", 30, true, false)
	}
	return o
}

func (g generator) job(spec m) {
	g.set(spec, "activeDeadlineSeconds", 40, 600)
	g.set(spec, "ttlSecondsAfterFinished", 50, 0, 600)
}

// windowsPod has to be made apart: the API refuses most fields of Linux in it.
func (g generator) windowsPod(kind string) m {
	options := m{"windowsOptions": m{"hostProcess": true, "runAsUserName": "SYSTEM"}}
	c := m{"name": "main", "image": "app:1"}
	pod := m{"hostNetwork": true, "containers": []any{c}}
	if g.chance(50) {
		c["securityContext"] = options
	} else {
		pod["securityContext"] = options
	}
	g.set(pod, "os", 50, m{"name": "windows"})
	if kind == "Job" || kind == "CronJob" {
		pod["restartPolicy"] = "Never"
	}
	return pod
}

func (g generator) pod(kind string) m {
	if g.chance(3) {
		return g.windowsPod(kind)
	}
	pod := m{}
	n := 1 + g.r.IntN(3)
	var list []any
	for i := range n {
		list = append(list, g.container([]string{"main", "proxy", "sshd"}[i], false))
	}
	pod["containers"] = list
	if g.chance(40) {
		c := g.container(g.one("setup", "setup", "istio-init").(string), true)
		pod["initContainers"] = []any{c}
	}
	switch kind {
	case "Job", "CronJob":
		pod["restartPolicy"] = g.one("Never", "OnFailure")
		g.set(pod, "activeDeadlineSeconds", 10, 60)
	case "Pod":
		g.set(pod, "restartPolicy", 40, "Never", "Always", "OnFailure")
	}
	for _, f := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		g.set(pod, f, 15, true, false)
	}
	g.set(pod, "shareProcessNamespace", 20, true, false)
	g.set(pod, "hostUsers", 20, true, false)
	g.set(pod, "terminationGracePeriodSeconds", 30, 0, 30, 600, 601, 3600)
	g.set(pod, "priorityClassName", 10, "system-node-critical", "high")
	often := 20
	if kind == "DaemonSet" {
		often = 80
	}
	g.set(pod, "tolerations", often, []any{m{"operator": "Exists"}}, []any{m{"key": "a", "operator": "Exists"}}, []any{m{"key": "a", "value": "b", "effect": "NoSchedule"}})
	g.set(pod, "nodeSelector", 10, m{"kubernetes.io/os": "windows"}, m{"kubernetes.io/os": "linux"}, m{"disk": "ssd"})
	g.set(pod, "os", 8, m{"name": "windows"}, m{"name": "linux"})
	g.set(pod, "hostAliases", 15, []any{m{"ip": "10.0.0.1", "hostnames": []any{"db"}}}, []any{m{"ip": "127.0.0.1", "hostnames": []any{"db"}}}, []any{m{"ip": "10.0.0.1"}})
	if g.chance(60) {
		s := m{}
		g.set(s, "runAsUser", 40, 0, 1000)
		g.set(s, "runAsNonRoot", 40, true, false)
		g.set(s, "seccompProfile", 40, m{"type": "RuntimeDefault"}, m{"type": "Unconfined"})
		g.set(s, "appArmorProfile", 15, m{"type": "RuntimeDefault"}, m{"type": "Unconfined"})
		g.set(s, "seLinuxOptions", 15, m{"type": "spc_t"}, m{"level": "s0:c1"}, m{"user": "system_u"}, m{"role": "system_r"}, m{"type": "container_t"})
		g.set(s, "sysctls", 15, []any{m{"name": "net.core.somaxconn", "value": "1"}}, []any{m{"name": "net.ipv4.tcp_rmem", "value": "1"}}, []any{m{"name": "net/ipv4/tcp_rmem", "value": "1"}}, []any{m{"name": "net/ipv4/conf.eth0", "value": "1"}})
		g.set(s, "windowsOptions", 5, m{"hostProcess": true})
		pod["securityContext"] = s
	}
	if g.chance(10) {
		pod["resources"] = m{g.one("limits", "requests").(string): m{"cpu": "1", "memory": "1Gi"}}
	}
	pod["volumes"] = []any{m{"name": "data", "persistentVolumeClaim": m{"claimName": "data"}}}
	for i := range g.r.IntN(3) {
		pod["volumes"] = append(pod["volumes"].([]any), g.volume([]string{"scratch", "host"}[i]))
	}
	for _, c := range append(list, initOf(pod)...) {
		var mounts []any
		for _, v := range pod["volumes"].([]any) {
			if !g.chance(50) {
				continue
			}
			mount := m{"name": v.(m)["name"], "mountPath": "/" + v.(m)["name"].(string)}
			g.set(mount, "readOnly", 50, true, false)
			g.set(mount, "mountPropagation", 10, "Bidirectional", "HostToContainer")
			mounts = append(mounts, mount)
		}
		if mounts != nil {
			c.(m)["volumeMounts"] = mounts
		}
	}
	return pod
}

func initOf(pod m) []any {
	list, _ := pod["initContainers"].([]any)
	return list
}

func (g generator) volume(name string) m {
	v := m{"name": name}
	switch g.r.IntN(4) {
	case 0, 1:
		e := m{}
		g.set(e, "sizeLimit", 50, "1Gi")
		g.set(e, "medium", 30, "Memory")
		v["emptyDir"] = e
	case 2:
		h := m{"path": g.one("/", "/etc", "/etc/", "/var//lib/./kubelet", "/var/log", "/var/run/docker.sock", "run/x/docker.sock", "/dev/fuse", "/dev", "/data", "/run/containerd/")}
		g.set(h, "type", 40, "Socket", "CharDevice", "Directory", "")
		v["hostPath"] = h
	default:
		v["nfs"] = m{"server": "nfs.example.com", "path": "/x"}
	}
	return v
}

var images = []any{"registry.example.com/shop/checkout:1.8.2", "nginx", "nginx:latest", "nginx:main", "nginx:prod", "registry:5000/app", "registry:5000/app:latest",
	"app:1.0@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", "app@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
	"${REGISTRY}/app", "app:", "a:b:latest", "controller:latest", "REGION-docker.pkg.dev/PROJECT_ID/app:1", "IMAGE", "ko://example.com/app", "my__image", "app@", "gitea/gitea:1.20",
	"nginxinc/nginx-unprivileged:1.25", "gcr.io/distroless/static:nonroot", "App/x:latest", "linuxserver/openssh-server:9"}

func (g generator) container(name string, init bool) m {
	c := m{"name": name, "image": g.one(images...)}
	g.set(c, "imagePullPolicy", 30, "Never", "Always", "IfNotPresent")
	if init {
		g.set(c, "restartPolicy", 50, "Always")
	}
	if !init || c["restartPolicy"] == "Always" {
		for _, p := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
			if g.chance(55) {
				c[p] = g.probe(p)
			}
		}
	}
	if g.chance(70) {
		var ports []any
		for _, p := range []m{{"name": "http", "containerPort": 8080}, {"name": "health", "containerPort": 8081}, {"containerPort": 22}, {"containerPort": 80}, {"containerPort": 443}, {"name": "alias", "containerPort": 8080, "protocol": "UDP"}} {
			if g.chance(35) {
				port := m{}
				for k, v := range p {
					port[k] = v
				}
				if g.chance(20) {
					port["hostPort"] = p["containerPort"]
				}
				ports = append(ports, port)
			}
		}
		if ports != nil {
			c["ports"] = ports
		}
	}
	if g.chance(60) {
		s := m{}
		g.set(s, "privileged", 25, true, false)
		g.set(s, "allowPrivilegeEscalation", 50, false, true)
		g.set(s, "readOnlyRootFilesystem", 50, true, false)
		g.set(s, "runAsUser", 30, 0, 1000)
		g.set(s, "runAsNonRoot", 30, true, false)
		g.set(s, "procMount", 10, "Unmasked", "Default")
		g.set(s, "seccompProfile", 25, m{"type": "RuntimeDefault"}, m{"type": "Unconfined"}, m{"type": "Localhost", "localhostProfile": "x.json"})
		g.set(s, "appArmorProfile", 15, m{"type": "RuntimeDefault"}, m{"type": "Unconfined"})
		g.set(s, "seLinuxOptions", 10, m{"type": "spc_t"}, m{"level": "s0:c1"}, m{"user": "x"}, m{"type": "container_init_t"})
		g.set(s, "windowsOptions", 4, m{"hostProcess": true}, m{"hostProcess": false})
		if g.chance(50) {
			caps := m{}
			g.set(caps, "drop", 60, []any{"ALL"}, []any{"all"}, []any{"NET_RAW", "ALL"}, []any{"KILL"})
			g.set(caps, "add", 50, []any{"NET_BIND_SERVICE"}, []any{"CHOWN"}, []any{"CAP_SYS_ADMIN"}, []any{"sys_admin"}, []any{"NET_ADMIN", "CHOWN"}, []any{"ALL"}, []any{"net_bind_service"})
			s["capabilities"] = caps
		}
		c["securityContext"] = s
	}
	res := m{}
	for _, part := range []string{"requests", "limits"} {
		if g.chance(60) {
			list := m{}
			g.set(list, "cpu", 60, "100m", "2", "64", "64500m", "65", "200", 1)
			g.set(list, "memory", 60, "64Mi", "512m", "100", "1Gi", "5Gi", "300Gi", "1048575", "1Mi")
			g.set(list, "ephemeral-storage", 40, "1Gi", "512m")
			g.set(list, "nvidia.com/gpu", 5, "1")
			res[part] = list
		}
	}
	if g.chance(80) {
		c["resources"] = res
	}
	g.set(c, "env", 20, []any{m{"name": "A", "valueFrom": m{"secretKeyRef": m{"name": "s", "key": "k"}}}}, []any{m{"name": "A", "value": "b"}})
	g.set(c, "envFrom", 10, []any{m{"secretRef": m{"name": "s"}}}, []any{m{"configMapRef": m{"name": "c"}}})
	return c
}

func (g generator) probe(kind string) m {
	p := m{}
	switch g.r.IntN(6) {
	case 0:
		p["tcpSocket"] = m{"port": g.one(8080, "http", "nope")}
	case 1:
		p["exec"] = m{"command": []any{g.one("true", "check")}}
	case 2:
		p["grpc"] = m{"port": g.one(8080, 8081)}
		g.set(p["grpc"].(m), "service", 30, "", "live")
	default:
		h := m{"port": g.one(8080, 8080, 8081, "http", "health", "nope", "alias")}
		g.set(h, "path", 90, "/health", "/health", "health", "/", "/ready", "/readyz?x=1", "/health/ready/")
		g.set(h, "scheme", 20, "HTTPS", "HTTP")
		g.set(h, "host", 10, "localhost", "127.0.0.1", "${HOST}", "")
		g.set(h, "httpHeaders", 10, []any{m{"name": "X", "value": "1"}})
		p["httpGet"] = h
	}
	g.set(p, "initialDelaySeconds", 30, 0, 1, 5, 30, 100)
	g.set(p, "periodSeconds", 60, 1, 2, 5, 10, 20, 30, 120)
	g.set(p, "timeoutSeconds", 50, 1, 2, 5, 20)
	g.set(p, "failureThreshold", 60, 1, 2, 3, 10, 30, 100)
	return p
}
