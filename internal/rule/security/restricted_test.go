package security

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Silence means admission: a pod that breaks none of these rules is let in by Pod Security's own evaluator at the level
// "restricted". Known differences, which the random pods do not have or are relieved of before they are evaluated:
//
//   - volumes of other types than the restricted level knows are the subject of the family rule/state, and the host of probes and
//     hooks of rule/probes;
//   - a value of the pod that every container overrides has no effect and is no finding; the evaluator refuses it all the same;
//   - Unmasked with a user namespace is what the baseline level admits and the restricted level does not; the rule follows the former;
//   - an ordinary container beside a privileged one needs no further proof: the privileged one is reported;
//   - node agents, images with "nonroot" in their names and pods of Windows, which have no root, are judged more kindly.
var restricted = []*rule.Rule{
	apparmorUnconfined, capabilitiesNotDropped, capabilityAdded, capabilityDangerous, hostIPC, hostNetwork, hostPID, hostPort,
	privilegeEscalationAllowed, privilegedContainer, procMountUnmasked, runAsNonRootUnsaid, runAsRoot, runAsRootPossible,
	seccompMissing, seccompUnconfined, selinuxOptionsCustom, sysctlUnsafe, windowsHostProcess,
}

func TestSilenceMeansRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	var active []rule.Active
	for _, r := range restricted {
		active = append(active, rule.Active{Rule: r, Severity: finding.Should})
	}
	r := rand.New(rand.NewPCG(1, 2))
	const pods = 60_000
	objects := make([]*cluster.Object, pods)
	for i := range objects {
		pod := randomPod(r)
		objects[i] = &cluster.Object{Ref: finding.Ref{APIVersion: "v1", Kind: "Pod", Name: fmt.Sprint("pod-", i)}, Typed: pod, Scope: "."}
	}
	loud := map[string]bool{}
	for _, f := range rule.Run(cluster.NewSnapshot(objects, cluster.Options{}), active).Findings {
		loud[f.Object.Name] = true
	}
	silent, refused := 0, 0
	for _, o := range objects {
		pod := o.Typed.(*corev1.Pod)
		effective(&pod.Spec)
		verdict := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
		if !verdict.Allowed {
			refused++
		}
		if loud[o.Name] {
			continue
		}
		silent++
		if !verdict.Allowed {
			t.Fatalf("no rule finds anything, but Pod Security refuses it: %s: %s\n%s", verdict.ForbiddenReason(), verdict.ForbiddenDetail(),
				cmp.Diff(corev1.PodSpec{}, pod.Spec))
		}
	}
	if silent < pods/50 || refused < pods/2 {
		t.Errorf("of %d pods %d are silent and %d refused: the generator is one-sided", pods, silent, refused)
	}
	t.Logf("of %d pods %d are silent and %d refused", pods, silent, refused)
}

// effective takes away what every container overrides, and an unmasked /proc that lies in a user namespace.
func effective(s *corev1.PodSpec) {
	for _, list := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range list {
			if c := list[i].SecurityContext; c != nil && s.HostUsers != nil && !*s.HostUsers {
				c.ProcMount = nil
			}
		}
	}
	if s.SecurityContext == nil {
		return
	}
	user, nonRoot, seccomp, apparmor := true, true, true, true
	for _, list := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range list {
			c := list[i].SecurityContext
			user = user && c != nil && c.RunAsUser != nil
			nonRoot = nonRoot && c != nil && c.RunAsNonRoot != nil
			seccomp = seccomp && c != nil && c.SeccompProfile != nil
			apparmor = apparmor && c != nil && c.AppArmorProfile != nil
		}
	}
	if user {
		s.SecurityContext.RunAsUser = nil
	}
	if nonRoot {
		s.SecurityContext.RunAsNonRoot = nil
	}
	if seccomp {
		s.SecurityContext.SeccompProfile = nil
	}
	if apparmor {
		s.SecurityContext.AppArmorProfile = nil
	}
}

// randomPod makes pods that are near the border: mostly restricted, with a few fields that may not be.
func randomPod(r *rand.Rand) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}}
	s := &p.Spec
	rare := func() bool { return r.IntN(24) == 0 }
	often := func() bool { return r.IntN(10) > 0 }
	s.HostNetwork, s.HostPID, s.HostIPC = rare(), rare(), rare()
	if rare() {
		s.HostUsers = new(r.IntN(2) == 0)
	}
	if often() {
		c := &corev1.PodSecurityContext{}
		s.SecurityContext = c
		if often() {
			c.RunAsNonRoot = new(often())
		}
		if r.IntN(2) == 0 {
			c.RunAsUser = new(int64(min(r.IntN(8), 1) * 10001))
		}
		if often() {
			c.SeccompProfile = profile(r)
		}
		if rare() {
			c.AppArmorProfile = &corev1.AppArmorProfile{Type: one(r, corev1.AppArmorProfileTypeUnconfined, corev1.AppArmorProfileTypeRuntimeDefault)}
		}
		if rare() {
			c.SELinuxOptions = selinux(r)
		}
		if rare() {
			c.Sysctls = []corev1.Sysctl{{Name: one(r, "net.ipv4.tcp_syncookies", "net.core.somaxconn", "net.ipv4.tcp_wmem", "kernel.msgmax")}}
		}
		if rare() {
			c.WindowsOptions = &corev1.WindowsSecurityContextOptions{HostProcess: new(r.IntN(2) == 0)}
		}
	}
	if rare() {
		p.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+"c0"] = one(r, "unconfined", "runtime/default")
	}
	for i := range 1 + r.IntN(3) {
		c := corev1.Container{Name: fmt.Sprint("c", i), Image: "example.com/a:1"}
		if often() {
			c.SecurityContext = containerContext(r)
		}
		if rare() {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: int32(r.IntN(2) * 8080)}}
		}
		if i == 2 {
			s.InitContainers = append(s.InitContainers, c)
		} else {
			s.Containers = append(s.Containers, c)
		}
	}
	return p
}

func containerContext(r *rand.Rand) *corev1.SecurityContext {
	rare := func() bool { return r.IntN(24) == 0 }
	often := func() bool { return r.IntN(12) > 0 }
	c := &corev1.SecurityContext{}
	if often() {
		c.AllowPrivilegeEscalation = new(!often())
	}
	if often() {
		c.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
		if rare() {
			c.Capabilities.Drop[0] = one[corev1.Capability](r, "all", "NET_RAW", "CAP_ALL")
		}
		if r.IntN(6) == 0 {
			c.Capabilities.Add = []corev1.Capability{one[corev1.Capability](r, "NET_BIND_SERVICE", "net_bind_service", "NET_ADMIN", "CHOWN", "IPC_LOCK", "sys_admin", "ALL")}
		}
	}
	if rare() {
		c.Privileged = new(r.IntN(2) == 0)
	}
	if r.IntN(5) == 0 {
		c.RunAsNonRoot = new(r.IntN(5) > 0)
	}
	if r.IntN(5) == 0 {
		c.RunAsUser = new(int64(min(r.IntN(8), 1) * 10001))
	}
	if r.IntN(5) == 0 {
		c.SeccompProfile = profile(r)
	}
	if rare() {
		c.AppArmorProfile = &corev1.AppArmorProfile{Type: one(r, corev1.AppArmorProfileTypeUnconfined, corev1.AppArmorProfileTypeLocalhost)}
	}
	if rare() {
		c.SELinuxOptions = selinux(r)
	}
	if rare() {
		c.ProcMount = new(one(r, corev1.UnmaskedProcMount, corev1.DefaultProcMount))
	}
	if rare() {
		c.WindowsOptions = &corev1.WindowsSecurityContextOptions{HostProcess: new(r.IntN(2) == 0)}
	}
	return c
}

func profile(r *rand.Rand) *corev1.SeccompProfile {
	if r.IntN(12) == 0 {
		return &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
	}
	return &corev1.SeccompProfile{Type: one(r, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeLocalhost)}
}

func selinux(r *rand.Rand) *corev1.SELinuxOptions {
	return one(r, &corev1.SELinuxOptions{Level: "s0:c1"}, &corev1.SELinuxOptions{Type: "spc_t"}, &corev1.SELinuxOptions{Type: "container_t"},
		&corev1.SELinuxOptions{User: "system_u"}, &corev1.SELinuxOptions{Role: "system_r"})
}

func one[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// The names that rules and the evaluator call capabilities by are the same but for the prefix.
func TestDangersAreNoDefaults(t *testing.T) {
	for n := range dangers {
		if strings.HasPrefix(n, "CAP_") || n != strings.ToUpper(n) || n == "NET_BIND_SERVICE" {
			t.Errorf("%q is not how a dangerous capability is called", n)
		}
	}
}
