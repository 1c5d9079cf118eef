package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/rule"
)

// known says for everything that is written down about probes and a manifest could show (the rules with a number, and the beliefs that are not true)
// which rules find it; instead says what does where no rule can.
type known struct {
	what    string
	rules   []string
	instead string
}

// arithmetic are the rules with a number that research and guidance on probes come to.
var arithmetic = []known{
	{"what is left carries the load when one zone is lost: rho N/(N-k) <= 1", []string{"hpa-target-without-zone"}, ""},
	{"what is left carries the load of what a rollout stops", []string{"max-unavailable-exceeds-spare", "strategy-max-unavailable-all"}, ""},
	{"readiness does not fail on a shared dependency", nil, "the verifier takes the dependency away; the simulator says what happens"},
	{"liveness waits 5 times the p99.9 of its endpoint", []string{"probe-timeout-one-second"}, "the endpoint's latencies are in Prometheus"},
	{"more than 20 % of a workload's pods killed by liveness in 10 minutes", nil, "in events, which no manifest has"},
	{"liveness: f x p >= 60 s", []string{"probe-liveness-fast", "probe-liveness-hair-trigger"}, ""},
	{"liveness only with a heartbeat, and never with readiness' endpoint", []string{"probes-identical", "probe-liveness-asks-readiness", "probe-liveness-tcp"}, "whether there is a heartbeat, the verifier sees"},
	{"liveness: f x p > that of readiness + 15 s", []string{"probe-liveness-close-to-readiness", "probe-liveness-stricter-than-readiness"}, ""},
	{"one pod or more is ready under every single fault", []string{"replicas-single", "hpa-min-replicas-single", "spread-missing"}, "the time at zero endpoints is the simulator's"},
	{"in a mesh: HTTP and gRPC probes rewritten, no TCP probe without", []string{"probe-mesh-rewrite-off"}, ""},
	{"startup: p <= (f-1) x p of liveness", []string{"startup-gate-leaks"}, "whether live is true during the boot, the verifier sees"},
	{"startup: (f-1) x p >= 1.5 x boot", []string{"probe-budget-below-boot", "probe-budget-too-short", "probe-startup-missing"}, ""},
	{"startup: p <= 10 s", []string{"probe-startup-period-long"}, ""},
	{"timeout < period", []string{"probe-timeout-exceeds-period"}, ""},
	{"internal deadlines add up to 0.8 x timeout at most", []string{"probe-exec-inner-timeout"}, "those of a program's own code the verifier meets as a slow answer"},
	{"exec: none every 30 s or more often", []string{"probe-exec-often"}, ""},
	{"exec: none with more than 20 pods on a node", nil, "how many pods a node has is not in a manifest; probe-exec-often says what each costs"},
	{"grace >= preStop + drain + longest request", []string{"grace-below-request", "prestop-exceeds-grace", "grace-period-zero"}, ""},
	{"drain >= 5 s", []string{"prestop-too-short", "prestop-missing"}, ""},
	{"progress deadline > boot", []string{"probe-budget-exceeds-progress-deadline"}, "not times the waves of a rollout: each new pod that is available sets the clock back (conformance/rollout)"},
	{"a grace period of its own for what hangs", []string{"probe-liveness-grace-long"}, ""},
}

// beliefs are those of the list of things to un-teach that a manifest can show, by their number there.
var beliefs = map[int]known{
	1:  {"a pod is a small VM", []string{"bare-pod", "ssh-port", "hostpath-writable", "hostpath-sensitive"}, "what runs in an image, and lists of allowed addresses elsewhere, are not in manifests"},
	3:  {"one /health is enough", []string{"probes-identical", "probe-liveness-asks-readiness"}, ""},
	4:  {"a readiness failure restarts", []string{"probe-readiness-slow"}, ""},
	7:  {"failureThreshold x period is the budget", []string{"probe-budget-below-boot", "probe-budget-too-short"}, ""},
	8:  {"an initial delay is a boot budget", []string{"probe-initial-delay-instead-of-startup"}, ""},
	9:  {"the startup probe fully shields the boot", []string{"startup-gate-leaks"}, ""},
	11: {"a timeout of 1 s is fine", []string{"probe-timeout-one-second"}, ""},
	12: {"a TCP probe says that the application works", []string{"probe-liveness-tcp"}, ""},
	14: {"a probe that cannot be asked fails", []string{"probe-port-undeclared"}, ""},
	15: {"no liveness probe is bad practice", nil, "probe-liveness-missing says could, once a pod, and asks for a heartbeat; nothing here asks for a probe that has none"},
	16: {"no readiness probe is safe", []string{"probe-readiness-missing"}, ""},
	18: {"requests = limits = what it uses", []string{"requests-missing", "limits-memory-missing", "limit-request-ratio", "cpu-limit-set"}, ""},
	21: {"replicas are high availability", []string{"spread-missing", "spread-selector-misses-own-pods"}, ""},
	22: {"a rolling update has no downtime", []string{"min-ready-seconds-missing", "max-unavailable-exceeds-spare", "prestop-missing", "strategy-recreate-behind-service"}, ""},
	24: {"graceful termination is automatic", []string{"prestop-missing", "shell-keeps-sigterm", "grace-below-request", "prestop-exceeds-grace"}, ""},
	25: {"a PDB protects against everything", []string{"replicas-single", "spread-missing", "probe-readiness-missing"}, "each of the other measures has its own rule, so that a budget alone is never silent"},
	26: {"a strict PDB is safer", []string{"pdb-blocks-drain", "pdb-unhealthy-eviction-policy"}, ""},
	27: {"an autoscaler reacts at once", nil, "how long a burst lasts is not in a manifest; the simulator plays it"},
	28: {"an autoscaler and fixed replicas go together", []string{"hpa-and-replicas"}, ""},
	29: {"a Service balances requests", []string{"grpc-balanced-by-connection"}, ""},
	31: {"changes of a ConfigMap arrive at once", []string{"config-change-does-not-roll", "subpath-never-refreshes"}, ""},
	32: {"Secrets are encrypted", []string{"secret-written", "secret-in-env-literal", "secret-in-configmap", "rbac-secrets-read"}, ""},
	33: {"namespaces isolate", []string{"networkpolicy-missing", "namespace-quota-missing"}, ""},
	34: {"NetworkPolicy denies by default", []string{"networkpolicy-missing", "networkpolicy-selects-nothing"}, ""},
	35: {"a policy can block the kubelet's probes", []string{"probe-mesh-rewrite-off"}, ""},
	36: {"DNS names are free", nil, "a final dot breaks TLS and Host headers of many clients, so asking for it would break what works; NXDOMAIN answers are in Prometheus"},
	37: {"latest is convenient", []string{"image-tag-latest", "image-tag-movable", "image-digest-missing"}, ""},
	38: {"an emptyDir persists", []string{"database-without-claim", "emptydir-size-limit-missing"}, ""},
	39: {"ReadWriteOnce is one pod, ReadWriteMany is free", []string{"rwo-shared-by-replicas", "rwo-surge-deadlock", "rwx-claim"}, ""},
	40: {"the death of a node moves its pods at once", nil, "a shorter toleration trades restarts at every hiccup of a node for time; which pods are worth it no manifest says"},
	41: {"kubectl exec mends things", []string{"root-filesystem-writable", "rbac-pods-exec"}, ""},
	42: {"init containers run once", nil, "whether a step may run twice is in its code"},
	43: {"sidecars wait for each other's readiness", []string{"probe-sidecar-startup-missing"}, ""},
	44: {"containers are locked down", []string{"run-as-root-possible", "privilege-escalation-allowed", "capabilities-not-dropped", "seccomp-missing", "service-account-token-mounted", "namespace-pod-security-missing"}, ""},
	46: {"Jobs run exactly once", []string{"cronjob-concurrency-unset", "cronjob-starting-deadline-missing", "job-deadline-missing"}, ""},
}

// TestKnowledgeHasRules holds the tables against the catalogue: whoever renames or drops a rule meets what it was for.
func TestKnowledgeHasRules(t *testing.T) {
	c := New()
	rows := map[string]known{}
	for i, k := range arithmetic {
		rows[fmt.Sprintf("arithmetic %d", i+1)] = k
	}
	for n, k := range beliefs {
		rows[fmt.Sprintf("belief %d", n)] = k
	}
	used := map[string]bool{}
	for at, k := range rows {
		if len(k.rules) == 0 && k.instead == "" {
			t.Errorf("%s (%s): no rule finds it, and nothing is said instead", at, k.what)
		}
		for _, id := range k.rules {
			used[id] = true
			if c.Rule(id) == nil {
				t.Errorf("%s (%s): there is no rule %s", at, k.what, id)
			}
		}
	}
	// The other way round: a rule about probes is there for something that was found out about them, or is listed here as one about mistakes of writing.
	slips := []string{"probe-host-set", "probe-liveness-missing", "probe-on-job", "probe-port-number-undeclared"}
	for _, r := range c.Rules {
		if about := strings.HasPrefix(r.ID, "probe"); about && !used[r.ID] && !slices.Contains(slips, r.ID) {
			t.Errorf("rule %s is in neither table", r.ID)
		}
		if used[r.ID] && r.Profile == rule.Contested && r.Contest == "" {
			t.Errorf("rule %s is contested and does not say why", r.ID)
		}
	}
	if len(arithmetic) != 21 || len(beliefs) != 35 {
		t.Errorf("%d rules with a number, %d beliefs: a row was lost", len(arithmetic), len(beliefs))
	}
}
