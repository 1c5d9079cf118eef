package network

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// portOf finds a declared port of w's pods by name or number. Names and numbers are looked up with the protocol, in sidecars too, as
// the endpoint controller does (pkg/api/v1/pod, FindPort).
func portOf(w *cluster.Workload, target intstr.IntOrString, protocol corev1.Protocol) *corev1.ContainerPort {
	for c := range w.Main() {
		for i := range c.Ports {
			cp := &c.Ports[i]
			if protocolOf(cp.Protocol) != protocolOf(protocol) {
				continue
			}
			if target.Type == intstr.String && cp.Name == target.StrVal || target.Type == intstr.Int && cp.ContainerPort == target.IntVal {
				return cp
			}
		}
	}
	return nil
}

func protocolOf(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}

// declared returns the ports that w's pods declare for a protocol.
func declared(w *cluster.Workload, protocol corev1.Protocol) []*corev1.ContainerPort {
	var out []*corev1.ContainerPort
	for c := range w.Main() {
		for i := range c.Ports {
			if protocolOf(c.Ports[i].Protocol) == protocolOf(protocol) {
				out = append(out, &c.Ports[i])
			}
		}
	}
	return out
}

// portsText lists ports for a message: "http 8080, health 8081".
func portsText(ports []*corev1.ContainerPort) string {
	const most = 6
	var b strings.Builder
	for i, cp := range ports {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(ports)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(portText(cp))
	}
	return b.String()
}

func portText(cp *corev1.ContainerPort) string {
	if cp.Name == "" {
		return strconv.Itoa(int(cp.ContainerPort))
	}
	return cp.Name + " " + strconv.Itoa(int(cp.ContainerPort))
}

// speaksFor reports whether something in w's pods says that a port is listened on although no container declares it: a probe, an
// argument, an environment variable, or a proxy that a mesh injects.
func speaksFor(w *cluster.Workload, number int32) bool {
	if injected(number) {
		return true
	}
	text := strconv.Itoa(int(number))
	for c := range w.Main() {
		name := repository(c.Image)
		if number != 0 && usualPort[name[strings.LastIndexByte(name, '/')+1:]] == number {
			return true
		}
		for _, p := range [...]*corev1.Probe{c.ReadinessProbe, c.LivenessProbe, c.StartupProbe} {
			if p != nil && (p.HTTPGet != nil && p.HTTPGet.Port.IntVal == number || p.TCPSocket != nil && p.TCPSocket.Port.IntVal == number ||
				p.GRPC != nil && p.GRPC.Port == number) {
				return true
			}
		}
		for _, list := range [...][]string{c.Command, c.Args} {
			for _, arg := range list {
				if hasNumber(arg, text) {
					return true
				}
			}
		}
		for i := range c.Env {
			if hasNumber(c.Env[i].Value, text) {
				return true
			}
		}
	}
	return false
}

// usualPort is what programs listen on when nobody says otherwise, by the last part of their images' names. Many manifests do not declare it.
var usualPort = map[string]int32{
	"elasticsearch": 9200, "etcd": 2379, "httpd": 80, "kafka": 9092, "mariadb": 3306, "memcached": 11211, "mongo": 27017, "mongodb": 27017,
	"mysql": 3306, "nats": 4222, "nginx": 80, "postgres": 5432, "postgresql": 5432, "rabbitmq": 5672, "redis": 6379, "zookeeper": 2181,
}

// configured reports whether a ConfigMap that w's pods read says a number.
func configured(p *rule.Pass, w *cluster.Workload, number int32) bool {
	text := strconv.Itoa(int(number))
	says := func(name string) bool {
		o := p.Lookup(w.Object, "", "ConfigMap", "", name)
		if o == nil {
			return false
		}
		if cm := cluster.As[*corev1.ConfigMap](o); cm != nil {
			for _, v := range cm.Data {
				if hasNumber(v, text) {
					return true
				}
			}
		}
		return false
	}
	for i := range w.Template.Spec.Volumes {
		v := &w.Template.Spec.Volumes[i]
		if v.ConfigMap != nil && says(v.ConfigMap.Name) {
			return true
		}
		if v.Projected != nil {
			for j := range v.Projected.Sources {
				if c := v.Projected.Sources[j].ConfigMap; c != nil && says(c.Name) {
					return true
				}
			}
		}
	}
	for c := range w.Main() {
		for i := range c.EnvFrom {
			if r := c.EnvFrom[i].ConfigMapRef; r != nil && says(r.Name) {
				return true
			}
		}
		for i := range c.Env {
			if f := c.Env[i].ValueFrom; f != nil && f.ConfigMapKeyRef != nil && says(f.ConfigMapKeyRef.Name) {
				return true
			}
		}
	}
	return false
}

// injected reports whether a port is one that the proxies of Istio (15000-15099), Linkerd (4143, 4191) or Dapr (3500, 50001) open in
// pods that do not declare it.
func injected(number int32) bool {
	return number >= 15000 && number < 15100 || number == 4143 || number == 4191 || number == 3500 || number == 50001
}

// hasNumber reports whether s holds a number that is not a part of a longer one.
func hasNumber(s, number string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for at := 0; ; {
		i := strings.Index(s[at:], number)
		if i < 0 {
			return false
		}
		at += i
		if !digit(at-1) && !digit(at+len(number)) {
			return true
		}
		at++
	}
}

// ownsPods reports whether the manifest shows what runs in the pods. Controllers of other custom resources add containers and ports of
// their own.
func ownsPods(w *cluster.Workload) bool {
	switch w.Group() {
	case "", "apps", "batch", "apps.kruise.io":
		return true
	}
	return w.Is("argoproj.io", "Rollout")
}

// whole reports whether w's containers can be judged: those without an image are fragments that a patch merges into something else.
func whole(w *cluster.Workload) bool {
	for i := range w.Containers {
		if w.Containers[i].Image == "" {
			return false
		}
	}
	return len(w.Containers) > 0
}

// isMetrics reports whether a port is one for metrics, by its name.
func isMetrics(port string) bool {
	return strings.HasSuffix(port, "metrics") || strings.HasPrefix(port, "metrics") || strings.HasPrefix(port, "prom")
}
