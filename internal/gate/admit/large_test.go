package admit_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fairway-k8s/fairway/internal/gate/admit"
)

// large returns a Deployment as large as any that people write, with everything in it that expressions loop over.
func large(containers, volumes int) map[string]any {
	type m = map[string]any
	var vs, mounts, cs, ports, env []any
	for i := range volumes {
		name := fmt.Sprint("v", i)
		vs = append(vs, m{"name": name, "hostPath": m{"path": []string{"/var//lib/./kubelet", "/data/" + name}[i%2]}})
		mounts = append(mounts, m{"name": name, "mountPath": "/" + name, "readOnly": true})
	}
	for i := range 30 {
		ports = append(ports, m{"name": fmt.Sprint("p", i), "containerPort": int64(8000 + i)})
	}
	for i := range 100 {
		env = append(env, m{"name": fmt.Sprint("E", i), "value": "x"})
	}
	probe := m{"httpGet": m{"path": "/x", "port": "p29"}, "periodSeconds": int64(10), "timeoutSeconds": int64(1), "failureThreshold": int64(3)}
	for i := range containers {
		cs = append(cs, m{"name": fmt.Sprint("c", i), "image": "registry.example.com/a/b:1", "volumeMounts": slices.Clone(mounts), "ports": ports, "env": env,
			"livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
			"securityContext": m{"capabilities": m{"add": []any{"NET_BIND_SERVICE", "CHOWN"}}}})
	}
	return m{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": m{"name": "a", "namespace": "shop"},
		"spec": m{"template": m{"metadata": m{}, "spec": m{"containers": cs, "volumes": vs, "restartPolicy": "Always",
			"tolerations": []any{m{"operator": "Exists"}}}}}}
}

// Expressions have a cost, and an API server stops at a limit: with failurePolicy Fail, that denies. No object that people write comes near.
func TestLargeObjects(t *testing.T) {
	t.Parallel()
	plan := everyPlan(t)
	for _, size := range [][2]int{{20, 30}, {50, 50}, {80, 80}} {
		object := large(size[0], size[1])
		for _, e := range plan.Entries {
			if !slices.Contains(e.Kinds(), "Deployment") {
				continue
			}
			p, err := admit.Compile(plan.Install(e).Policy)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Judge(t.Context(), admit.Request{Object: object, Old: object}); err != nil {
				t.Errorf("%d containers, %d volumes: %s: %v", size[0], size[1], e.ID, err)
			}
		}
	}
}
