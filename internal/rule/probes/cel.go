package probes

import "github.com/fairway-k8s/fairway/internal/rule"

// What judged.go, timing.go and endpoint.go say in Go, in CEL. The API server has filled in periodSeconds, timeoutSeconds and
// failureThreshold.

// celAsks are the probes of c that are there.
const celAsks = "[c.?startupProbe, c.?readinessProbe, c.?livenessProbe].filter(p, p.hasValue()).map(p, p.value())"

// celSurelyLives is the lower bound of liveness' budget: how long a container that never answers surely lives.
const celSurelyLives = "((c.livenessProbe.?initialDelaySeconds.orValue(0) > 1 ? c.livenessProbe.initialDelaySeconds - 1 : 0) +\n" +
	"  (c.livenessProbe.failureThreshold - 1) * c.livenessProbe.periodSeconds)"

var letLongRunning = rule.Let{Name: "longRunning", Expression: "!(object.kind in ['Job', 'CronJob']) && pod.?restartPolicy.orValue('') == 'Always'"}

// celPath is the path that the kubelet asks an HTTP probe for.
func celPath(probe string) string {
	path := probe + ".httpGet.?path.orValue('/')"
	return "(" + path + ".startsWith('/') ? " + path + " : '/' + " + path + ")"
}

// celPort is resolve: the number of a port, or its name when c does not declare it.
func celPort(port string) string {
	return "(c.?ports.orValue([]).exists(q, q.?name.orValue('') == " + port + ") ? c.ports.filter(q, q.?name.orValue('') == " + port + ")[0].containerPort : " + port + ")"
}

// celEndpoint is endpointOf: what a probe asks, as a list that equals that of another probe when the question is the same.
func celEndpoint(p string) string {
	return "has(" + p + ".httpGet) ? [dyn('HTTP'), " + p + ".httpGet.?scheme.orValue('HTTP'), " + p + ".httpGet.?host.orValue(''), " + celPort(p+".httpGet.port") + ", " +
		celPath(p) + ", " + p + ".httpGet.?httpHeaders.orValue([])] :\n" +
		"  has(" + p + ".tcpSocket) ? [dyn('TCP'), " + p + ".tcpSocket.?host.orValue(''), " + celPort(p+".tcpSocket.port") + "] :\n" +
		"  has(" + p + ".grpc) ? [dyn('gRPC'), " + p + ".grpc.port, " + p + ".grpc.?service.orValue('')] : [dyn('exec'), " + p + ".exec.command]"
}
