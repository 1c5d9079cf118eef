package gate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

const policy = `
profile: basic
rules:
  probe-liveness-hair-trigger: {params: {silence: 20}}
gate:
  action: audit
  networkPolicy: deny
  systemNamespaces: [platform]
  rules:
    privileged-container: deny
    run-as-root: deny
    host-network: deny
    image-tag-latest: warn
    probe-liveness-hair-trigger: deny
    team-label: deny
  exemptions:
    - {rules: [host-network], label: node-metrics, namespace: shop, reason: it measures the network, owner: observability, expires: 2027-03-01}
    - {rules: [run-as-root], label: legacy, reason: not moved yet, owner: shop, expires: 2026-01-01}
  own:
    - id: team-label
      title: a workload without a team
      why: nobody is called when it fails
      how: add the label example.com/team
      kinds: [Deployment]
      expression: "'example.com/team' in object.metadata.?labels.orValue({})"
      message: "'it has ' + string(size(object.metadata.?labels.orValue({}))) + ' labels'"
`

// deployment renders a Deployment that breaks nothing but what more, in its pod spec, says.
func deployment(namespace, name, labels, pod, container string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: %s, labels: {example.com/team: shop%s}}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {%[4]scontainers: [{name: main, image: "registry.example.com/app:1"%[5]s}]}
`, name, namespace, labels, pod, container)
}

const privileged = ", securityContext: {privileged: true}"

// TestPeople installs the policies of a policy file and does what people do.
func TestPeople(t *testing.T) {
	b := bed.ControlPlane(t)
	c := catalogue.New()
	p, err := rule.ParsePolicy("policy.yaml", []byte(policy), c)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := gate.NewPlan(c, p, gatecases.Today)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"shop", "open", "platform", "half"} {
		b.Kubectl(t, "", "create", "namespace", n)
	}
	const denyAll = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: default-deny, namespace: %s, labels: {gate.fairway-k8s.io/default-deny: \"true\"}}\n" +
		"spec: {podSelector: {}, policyTypes: [%s]}\n"
	b.Kubectl(t, fmt.Sprintf(denyAll, "shop", "Ingress, Egress")+"---\n"+fmt.Sprintf(denyAll, "half", "Ingress"), "apply", "-f", "-")
	// What is there before the gate, and stays.
	b.Kubectl(t, deployment("shop", "old", "", "", privileged), "apply", "-f", "-")
	b.Eventually(t, time.Minute, "1", "get", "pods", "-n=shop", "-l=app=old", "--no-headers", "-o=go-template={{len .items}}")

	b.Kubectl(t, export(plan), "apply", "--server-side", "--force-conflicts", "-f", "-")
	typeChecked(t, b, len(plan.Entries)+1)
	apply := func(manifest string, args ...string) string {
		_, said, err := b.Run(t.Context(), manifest, append([]string{"apply", "-f", "-"}, args...)...)
		if err == nil && said == "" {
			return "taken"
		}
		return strings.TrimSpace(said)
	}
	dry := func(manifest string) string { return apply(manifest, "--dry-run=server") }
	const hasty = ", livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 2, periodSeconds: 10, timeoutSeconds: 5}"
	for _, want := range []string{"privileged-container", "networkpolicy", "team-label", "probe-liveness-hair-trigger"} {
		manifest := map[string]string{
			"privileged-container":        deployment("shop", "web", "", "", privileged),
			"networkpolicy":               deployment("open", "web", "", "", ""),
			"probe-liveness-hair-trigger": deployment("shop", "web", "", "", hasty),
			"team-label":                  strings.Replace(deployment("shop", "web", "", "", ""), "example.com/team: shop", "a: b", 1),
		}[want]
		until(t, time.Minute, want+" is enforced", func() bool { return strings.Contains(dry(manifest), want) })
	}
	time.Sleep(2 * time.Second)

	for _, x := range []struct{ name, manifest, want string }{
		{"nothing is wrong", deployment("shop", "web", "", "", ""), "taken"},
		{"privileged", deployment("shop", "web", "", "", privileged),
			`deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'fairway-privileged-container' with binding 'fairway-privileged-container' denied request: ` +
				`privileged-container: a container is privileged (container main). Why: A privileged container has all capabilities, all devices of the node and no seccomp ` +
				`or AppArmor profile. Fix: Remove privileged: true. If the program needs something of root's, add that one capability and drop the others. ` +
				`More: fairway explain privileged-container`},
		{"a warning", deployment("shop", "web", "", "", ", image: nginx"),
			`Warning: Validation failed for ValidatingAdmissionPolicy 'fairway-image-tag-latest' with binding 'fairway-image-tag-latest': image-tag-latest: an image without a tag, ` +
				`or with the tag latest (container main). Why: `},
		{"an own rule", strings.Replace(deployment("shop", "web", "", "", ""), "example.com/team: shop", "a: b", 1),
			`denied request: team-label: a workload without a team: it has 1 labels. Why: nobody is called when it fails. Fix: add the label example.com/team.`},
		{"a parameter of the policy", deployment("shop", "web", "", "", hasty),
			`denied request: probe-liveness-hair-trigger: one slow moment restarts the container (container main)`},
		{"above the parameter", deployment("shop", "web", "", "", ", livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 3, periodSeconds: 10, timeoutSeconds: 5}"), "taken"},

		{"no default-deny policy", deployment("open", "web", "", "", ""),
			`The deployments "web" is invalid: : ValidatingAdmissionPolicy 'fairway-networkpolicy-default-deny' with binding ` +
				`'namespace-needs-a-default-deny-networkpolicy-labelled-gate.fairway-k8s.io-default-deny-true' denied request: failed to configure binding: ` +
				"no params found for policy binding with `Deny` parameterNotFoundAction"},
		{"a default-deny policy that is none", deployment("half", "web", "", "", ""),
			`denied request: networkpolicy-default-deny: NetworkPolicy default-deny carries the label gate.fairway-k8s.io/default-deny but does not deny everything in both directions. Fix: `},

		{"host network", deployment("shop", "web", "", "hostNetwork: true, ", ""), `denied request: host-network: `},
		{"an exemption", deployment("shop", "web", ", gate.fairway-k8s.io/exempt-host-network: node-metrics", "hostNetwork: true, ", ""), "taken"},
		{"an exemption that nobody gave", deployment("shop", "web", ", gate.fairway-k8s.io/exempt-host-network: please", "hostNetwork: true, ", ""), `denied request: host-network: `},
		{"an exemption for another rule", deployment("shop", "web", ", gate.fairway-k8s.io/exempt-privileged-container: node-metrics", "hostNetwork: true, ", ""), `denied request: host-network: `},
		{"an exemption that has ended", deployment("shop", "web", ", gate.fairway-k8s.io/exempt-run-as-root: legacy", "securityContext: {runAsUser: 0}, ", ""), `denied request: run-as-root: `},
		{"an annotation for lint", strings.Replace(deployment("shop", "web", "", "", privileged), "metadata: {name", "metadata: {annotations: {allow.fairway-k8s.io/privileged-container: a reason}, name", 1),
			`denied request: privileged-container: `},

		{"kube-system", deployment("kube-system", "web", "", "hostNetwork: true, ", privileged), "taken"},
		{"a system namespace of the policy file", deployment("platform", "web", "", "hostNetwork: true, ", privileged), "taken"},

		{"old debt, another field", deployment("shop", "old", "", "terminationGracePeriodSeconds: 10, ", privileged), "taken"},
		{"old debt and new debt", deployment("shop", "old", "", "hostNetwork: true, ", privileged), `denied request: host-network: `},
		{"old debt of another container", strings.Replace(deployment("shop", "old", "", "", privileged), "containers: [", `containers: [{name: more, image: "registry.example.com/app:1"`+privileged+`}, `, 1),
			`denied request: privileged-container: a container is privileged (container more). `},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := dry(x.manifest); !strings.Contains(got, x.want) {
				t.Errorf("kubectl apply says\n%s\nwant\n%s", got, x.want)
			}
		})
	}
	t.Run("status", func(t *testing.T) { status(t, b) })
	t.Run("what runs goes on", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, args := range [][]string{
			{"delete", "networkpolicy/default-deny", "-n=shop"},
			{"scale", "deployment/old", "-n=shop", "--replicas=2"},
			{"annotate", "deployment/old", "-n=shop", "a=b"},
			{"delete", "pods", "-n=shop", "-l=app=old", "--wait=false"},
		} {
			if _, said, err := b.Run(ctx, "", args...); err != nil {
				t.Errorf("kubectl %s: %s", strings.Join(args, " "), said)
			}
		}
		// The controller makes pods anew, though they are privileged and the namespace has no default-deny policy any more: their template was
		// judged, and it is old debt.
		b.Eventually(t, time.Minute, "2", "get", "pods", "-n=shop", "-l=app=old", "--field-selector=status.phase=Pending", "-o=go-template={{len .items}}")
		b.Kubectl(t, "", "delete", "deployment/old", "-n=shop")
	})
}
