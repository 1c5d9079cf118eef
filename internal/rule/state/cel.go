package state

import "github.com/fairway-k8s/fairway/internal/rule"

// What hostpath_writable.go says in Go, in CEL.

var letNodeAgent = []rule.Let{{Name: "nodeAgent", Expression: "object.kind == 'DaemonSet' ||\n" +
	"object.kind == 'Pod' && object.metadata.?namespace.orValue('') == 'kube-system' && pod.?hostNetwork.orValue(false)"},
	// The names of the volumes that each container can write to, so that they are not looked for once more for every volume.
	{Name: "writable", Expression: "containers.map(c, c.?volumeMounts.orValue([]).filter(m, !m.?readOnly.orValue(false)).map(m, m.name))"}}

// celWritableHostPath says that a container can write to a path of the node that is neither a socket nor a device.
const celWritableHostPath = "pod.?volumes.orValue([]).exists(v, has(v.hostPath) && !(v.hostPath.?type.orValue('') in ['Socket', 'CharDevice', 'BlockDevice']) &&\n" +
	"  !v.hostPath.path.matches('[.]sock$|^/dev(/|$)') && writable.exists(w, v.name in w))"
