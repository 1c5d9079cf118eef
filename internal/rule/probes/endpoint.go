package probes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// endpoint is what a probe asks.
type endpoint struct {
	kind    string // HTTP, HTTPS, TCP, gRPC or exec
	host    string
	port    int32
	name    string // of a port that cannot be resolved
	path    string // of a URL; the service, for gRPC
	headers []corev1.HTTPHeader
	command []string
}

// endpointOf returns what a probe of c asks; false for a probe that asks nothing, as in a fragment.
func endpointOf(c *corev1.Container, p *corev1.Probe) (endpoint, bool) {
	switch h := p.ProbeHandler; {
	case h.HTTPGet != nil:
		e := endpoint{kind: "HTTP", host: h.HTTPGet.Host, path: h.HTTPGet.Path, headers: h.HTTPGet.HTTPHeaders}
		if h.HTTPGet.Scheme == corev1.URISchemeHTTPS {
			e.kind = "HTTPS"
		}
		if !strings.HasPrefix(e.path, "/") { // the kubelet puts one there
			e.path = "/" + e.path
		}
		e.port, e.name = resolve(c, h.HTTPGet.Port)
		return e, true
	case h.TCPSocket != nil:
		e := endpoint{kind: "TCP", host: h.TCPSocket.Host}
		e.port, e.name = resolve(c, h.TCPSocket.Port)
		return e, true
	case h.GRPC != nil:
		e := endpoint{kind: "gRPC", port: h.GRPC.Port}
		if h.GRPC.Service != nil {
			e.path = *h.GRPC.Service
		}
		return e, true
	case h.Exec != nil:
		return endpoint{kind: "exec", command: h.Exec.Command}, len(h.Exec.Command) > 0
	}
	return endpoint{}, false
}

// resolve returns the number of a probe's port, or its name when the container does not declare it: the kubelet looks in the
// probe's own container only, and takes a name that is a number for the number (pkg/probe/util.go, ResolveContainerPort).
func resolve(c *corev1.Container, port intstr.IntOrString) (number int32, name string) {
	if port.Type == intstr.Int {
		return port.IntVal, ""
	}
	for i := range c.Ports {
		if c.Ports[i].Name == port.StrVal {
			return c.Ports[i].ContainerPort, ""
		}
	}
	if n, err := strconv.ParseInt(port.StrVal, 10, 32); err == nil {
		return int32(n), ""
	}
	return 0, port.StrVal
}

// same reports whether two probes ask the same question.
func (e endpoint) same(o endpoint) bool {
	return e.kind == o.kind && e.host == o.host && e.port == o.port && e.name == o.name && e.path == o.path &&
		slices.Equal(e.headers, o.headers) && slices.Equal(e.command, o.command)
}

// String is the endpoint as it is called in messages: "HTTP :8080/health", "TCP :5432", "exec pg_isready -U app".
func (e endpoint) String() string {
	if e.kind == "exec" {
		s := []rune("exec " + strings.Join(strings.Fields(strings.Join(e.command, " ")), " "))
		if len(s) > 48 {
			s = append(s[:47], '…')
		}
		return string(s)
	}
	port := e.name
	if port == "" {
		port = strconv.Itoa(int(e.port))
	}
	if e.kind == "gRPC" && e.path != "" {
		return fmt.Sprintf("gRPC :%s service %s", port, e.path)
	}
	return e.kind + " " + e.host + ":" + port + e.path
}

// portOf returns the field and value of the port that a probe names, "" when it has none. gRPC probes take numbers only.
func portOf(p *corev1.Probe) (field string, port intstr.IntOrString) {
	switch {
	case p.HTTPGet != nil:
		return "httpGet.port", p.HTTPGet.Port
	case p.TCPSocket != nil:
		return "tcpSocket.port", p.TCPSocket.Port
	case p.GRPC != nil:
		return "grpc.port", intstr.FromInt32(p.GRPC.Port)
	}
	return "", port
}
