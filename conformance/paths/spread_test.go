package paths

import (
	"slices"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// The scheduler puts the pods of a service, a worker and a stateful service on as many nodes, each in a zone of its own, as the default
// spread-zones-hosts wants. The nodes are records without a machine, so that pods are placed and do not run.
func TestSpread(t *testing.T) {
	b := bed.ControlPlane(t)
	zones := []string{"a", "b", "c"}
	var nodes []object
	for _, zone := range zones {
		nodes = append(nodes, object{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "node-" + zone, "labels": map[string]any{
			"kubernetes.io/hostname": "node-" + zone, "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": "zone-" + zone,
		}}})
	}
	b.Kubectl(t, list(t, nodes), "apply", "--server-side", "--filename=-")
	for _, n := range nodes {
		n["status"] = map[string]any{
			"allocatable": map[string]any{"cpu": "4", "memory": "8Gi", "ephemeral-storage": "20Gi", "pods": "110"},
			"conditions": []any{map[string]any{"type": "Ready", "status": "True", "reason": "Test", "message": "",
				"lastHeartbeatTime": time.Now().UTC().Format(time.RFC3339), "lastTransitionTime": time.Now().UTC().Format(time.RFC3339)}},
		}
	}
	b.Kubectl(t, list(t, nodes), "apply", "--server-side", "--subresource=status", "--filename=-")
	for _, n := range nodes {
		b.Eventually(t, 30*time.Second, "", "get", "node", n.text("metadata", "name"), "--output=jsonpath={.spec.taints}")
	}

	file := func(shape string) map[string]any {
		return map[string]any{"path": shape, "name": "sample", "owner": "team", "namespace": shape, "image": image + ":1.0.0"}
	}
	service, worker, stateful := file("stateless-service"), file("async-worker"), file("stateful-service")
	worker["longestJob"] = "30s"
	worker["scaling"] = map[string]any{"min": 3}
	stateful["ports"], stateful["backup"], stateful["start"] = map[string]any{"client": 5432}, "none, a test", "parallel"
	stateful["claims"] = []any{map[string]any{"name": "data", "path": "/var/lib/sample", "size": "10Mi"}}
	stateful["storage"] = map[string]any{"classes": map[string]any{"base": "stateful-service"}}
	for _, f := range []map[string]any{service, worker, stateful} {
		shape := f["path"].(string)
		t.Run(shape, func(t *testing.T) {
			try(t, b, &trial{ns: shape, profile: "deploy/base", file: f}, func(t *testing.T, x *trial) {
				if shape == "stateful-service" {
					x.volumes(t, len(zones))
				}
				x.apply(t)
				var on []string
				for began := time.Now(); len(on) < len(zones); time.Sleep(200 * time.Millisecond) {
					if time.Since(began) > 30*time.Second {
						t.Fatalf("pods were placed on %v", on)
					}
					on = nil
					for _, p := range items(t, x.kubectl(t, "", "get", "pods", "--output=json")) {
						if node := p.text("spec", "nodeName"); node != "" {
							on = append(on, node)
						}
					}
				}
				slices.Sort(on)
				if !slices.Equal(on, []string{"node-a", "node-b", "node-c"}) {
					t.Errorf("pods were placed on %v, want one on each", on)
				}
			})
		})
	}
}
