package network

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// portNameWithoutProtocol looks at TCP ports of Services that select pods of an Istio mesh: without one nobody reads the protocol (other
// meshes detect it, or have fields of their own), UDP and SCTP say enough by themselves, and requests for metrics need no routes. Its
// mend writes a protocol only where the name itself is that of one; what speaks behind "main" or port 80, only its author knows.
var portNameWithoutProtocol = &rule.Rule{
	ID:    "port-name-without-protocol",
	Title: "a Service port does not tell the mesh which protocol it speaks",
	Why: "Istio reads the protocol from appProtocol or from the beginning of the port's name (http, grpc, tcp ...). Without either it " +
		"guesses from the first bytes, and what it cannot guess is opaque: no retries, no path rules, no metrics of requests.",
	How:      "Set appProtocol, or begin the name with the protocol: http, http-api, grpc, tcp-postgres.",
	Example:  "ports:\n  - name: http\n    port: 80\n    targetPort: http\n    appProtocol: http\n",
	Severity: finding.Could, Profile: rule.Golden, Since: "0.1.0", Incident: "port-mismatch", Fixes: true,
	Links: []string{linkService + "#application-protocol", "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		svc := cluster.As[*corev1.Service](o)
		if svc == nil || !selects(svc) || !inMesh(p, o) {
			return
		}
		for i := range svc.Spec.Ports {
			sp := &svc.Spec.Ports[i]
			if sp.AppProtocol != nil || protocolOf(sp.Protocol) != corev1.ProtocolTCP || saysProtocol(sp.Name) || isMetrics(sp.Name) || placeholder(sp.Name) {
				continue
			}
			item := "spec.ports[" + strconv.Itoa(i) + "]"
			if sp.Name == "" {
				p.Report(o, item+".appProtocol", "port %d has neither a name nor appProtocol, so its protocol is a guess", sp.Port)
				continue
			}
			f := p.Report(o, item+".name", "the name %s of port %d does not begin with a protocol, and appProtocol is not set", sp.Name, sp.Port)
			if proto := protocolNamed(sp.Name); proto != "" {
				f.Fix = rule.Mend("set appProtocol: "+proto, rule.Set(item+".appProtocol", source.String(proto), "targetPort", "port", "name"))
				f.Message += fmt.Sprintf("; %s is %s", sp.Name, proto)
			}
		}
	},
}

// saysProtocol reports whether a port's name is a protocol or begins with one and a dash, for Istio: the list of its documentation.
func saysProtocol(name string) bool {
	word, _, _ := strings.Cut(name, "-")
	switch strings.ToLower(word) {
	case "http", "http2", "https", "grpc", "tcp", "tls", "mongo", "mysql", "redis", "udp", "hbone":
		return true
	}
	return false
}

// protocolNamed returns the appProtocol for a port whose name is that of a well-known protocol (IANA's service names and what they are
// called every day), or ends with one: query-http; "" for others. The prefixed values are Kubernetes' own (KEP-3726).
func protocolNamed(name string) string {
	name = strings.ToLower(name)
	switch name[strings.LastIndexByte(name, '-')+1:] {
	case "http":
		return "http"
	case "https":
		return "https"
	case "grpc":
		return "grpc"
	case "tcp", "ssh":
		return "tcp"
	}
	word, _, _ := strings.Cut(name, "-")
	switch word {
	case "h2c":
		return "kubernetes.io/h2c"
	case "ws", "websocket":
		return "kubernetes.io/ws"
	case "wss":
		return "kubernetes.io/wss"
	case "postgres", "postgresql", "pgsql", "pg", "amqp", "amqps", "kafka", "mqtt", "nats", "smtp", "imap", "ldap", "ldaps", "ssh", "ftp", "sftp",
		"mariadb", "mssql", "memcached", "memcache", "cql", "cassandra", "zookeeper", "mongodb", "valkey", "stomp":
		return "tcp"
	}
	return ""
}
