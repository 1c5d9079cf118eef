package security

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/rule"
)

// What judged.go says in Go, in CEL.

var (
	letPartOfNode = rule.Let{Name: "partOfNode", Expression: "object.metadata.?namespace.orValue('') == 'kube-system' || " +
		"pod.?priorityClassName.orValue('') == 'system-node-critical'"}
	letNodeAgent = []rule.Let{letPartOfNode, {Name: "nodeAgent", Expression: "partOfNode || object.kind == 'DaemonSet' && " +
		"pod.?tolerations.orValue([]).exists(t, t.?key.orValue('') == '' && t.?operator.orValue('') == 'Exists')"}}
	letLinux = rule.Let{Name: "linux", Expression: "pod.?os.?name.orValue('') != 'windows' && " +
		"pod.?nodeSelector[?'kubernetes.io/os'].orValue('') != 'windows'"}
)

const celPrivileged = "c.?securityContext.?privileged.orValue(false)"

// byPrivileged is why rules about less are silent about a privileged container.
var byPrivileged = &rule.Outdone{By: "privileged-container", Container: celPrivileged}

const (
	// celUser is userOf of c, -1 when the image decides.
	celUser         = "c.?securityContext.?runAsUser.orValue(pod.?securityContext.?runAsUser.orValue(-1))"
	celNonRoot      = "c.?securityContext.?runAsNonRoot.orValue(pod.?securityContext.?runAsNonRoot.orValue(false))"
	celNamedNonRoot = "c.image.matches('nonroot|non-root|unprivileged')"
	celAdded        = "c.?securityContext.?capabilities.?add.orValue([])"
	celNotMeshInit  = "!(c.name in ['istio-init', 'linkerd-init'] && pod.?initContainers.orValue([]).exists(i, i.name == c.name))"
)

// celCapability is capability of a string in CEL.
func celCapability(x string) string {
	return "(" + x + ".upperAscii().startsWith('CAP_') ? " + x + ".upperAscii().substring(4) : " + x + ".upperAscii())"
}

func celList(words []string) string { return "['" + strings.Join(words, "', '") + "']" }
