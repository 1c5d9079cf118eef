package boottime

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

const second = time.Second

func TestList(t *testing.T) {
	for _, x := range []struct {
		text string
		want []Boot
		err  string
	}{
		{text: "", want: nil},
		{text: "# boots\n41s\n\n 41.3  # measured\n1m20s\n>40s\n> 1.5\n30s..40s\n", want: []Boot{
			{At: 41 * second, Resolution: second}, {At: 41300 * time.Millisecond, Resolution: 100 * time.Millisecond}, {At: 80 * second, Resolution: second},
			{At: 40 * second, Killed: true}, {At: 1500 * time.Millisecond, Killed: true}, {At: 40 * second, Period: 10 * second}}},
		{text: "\ufeffBoot,killed,period,stratum,pod\n41s,false,10s,cold,a\n40,yes,,warm,b\n", want: []Boot{
			{At: 41 * second, Resolution: second, Period: 10 * second, Stratum: "cold"}, {At: 40 * second, Killed: true, Stratum: "warm"}}},
		{text: "# measured in May, by hand\n41s\n", want: []Boot{{At: 41 * second, Resolution: second}}},
		{text: "# measured in May, by hand\nboot,pod\n41s,a\n", want: []Boot{{At: 41 * second, Resolution: second}}},
		{text: "boot\n41s\n", want: []Boot{{At: 41 * second, Resolution: second}}},
		{text: "41s\nsoon\n", err: `line 2: "soon" is no duration, such as 41s or 41.3`},
		{text: "-3\n", err: `line 1: "-3" is less than nothing`},
		{text: "41000000\n", err: `line 1: "41000000" is no duration, such as 41s or 41.3`},
		{text: "410000\n", err: `line 1: "410000" is more than a day: a number without a unit counts seconds`},
		{text: "NaN\n", err: `line 1: "NaN" is no duration, such as 41s or 41.3`},
		{text: strings.Repeat("4", 1<<20), err: `line 1: "` + strings.Repeat("4", 40) + `..." is no duration, such as 41s or 41.3`},
		{text: "40s..30s\n", err: `line 1: "40s..30s" ends before it begins`},
		{text: "seconds,killed\n41,0\n", err: "line 1: no column is called boot; there are seconds, killed"},
		{text: "boot,killed\n41,maybe\n", err: `line 2: killed is "maybe", which is neither true nor false`},
		{text: "boot,killed\n41\n", err: "line 2: wrong number of fields"},
		{text: "boot,period\n41,often\n", err: `line 2: period: "often" is no duration, such as 41s or 41.3`},
	} {
		got, err := List(x.text)
		if x.err != "" {
			if _, ok := errors.AsType[*LineError](err); !ok || err.Error() != x.err {
				t.Errorf("%q: %v, want %s", x.text, err, x.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", x.text, err)
		}
		if d := cmp.Diff(x.want, got); d != "" {
			t.Errorf("%q (-want +got)\n%s", x.text, d)
		}
	}
}

func FuzzList(f *testing.F) {
	for _, s := range []string{"41s\n>40s\n30s..40s\n", "boot,killed,period,stratum\n41s,1,10s,x\n", "\"boot\"\n1\n", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		boots, err := List(text)
		if err != nil {
			if _, ok := errors.AsType[*LineError](err); !ok {
				t.Fatalf("%q: %v is no LineError", text, err)
			}
			return
		}
		for _, b := range boots {
			if b.At < 0 || b.At > longest || b.Period < 0 || b.Resolution < 0 {
				t.Fatalf("%q: %+v", text, b)
			}
		}
		if len(boots) < 200 {
			NewSample(boots).Over(60, 10)
		}
	})
}

func FuzzFromPrometheus(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"kube_pod_container_state_started","pod":"a"},"values":[[1,"60"],[2,"1e300"]]},{"metric":{"__name__":"kube_pod_status_ready_time","pod":"a"},"values":[[1,"102"]]}]}}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"pod":"a"},"value":[100,"42"]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		boots, _, err := FromPrometheus(data, watch, func(string, string) bool { return true })
		if err != nil {
			return
		}
		for _, b := range boots {
			if b.At < 0 || b.At > longest {
				t.Fatalf("%s: %+v", data, b)
			}
		}
	})
}

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// at is an instant so many seconds after noon.
func at(s int) time.Time { return noon.Add(time.Duration(s) * second) }

var watch = Watch{Container: "app", Period: 10 * second, From: 40 * second, To: 53 * second, Startup: true, Grace: 30 * second}

func podWith(name, ready string, since int, c cluster.ContainerState) cluster.Pod {
	c.Name = "app"
	return cluster.Pod{Meta: cluster.Meta{Namespace: "shop", Name: name}, Node: "n1", Containers: []cluster.ContainerState{c},
		Conditions: []cluster.Condition{{Type: "PodScheduled", Status: "True", Since: at(0)}, {Type: "Ready", Status: ready, Since: at(since)}}}
}

func running0(start int) cluster.ContainerPhase {
	return cluster.ContainerPhase{Phase: "running", Start: at(start)}
}

func TestFromPods(t *testing.T) {
	up := func(start int) cluster.ContainerState {
		return cluster.ContainerState{ImageID: "i", State: running0(start), Started: true, Ready: true}
	}
	ended := func(start, end int, code int32, reason string) cluster.ContainerPhase {
		return cluster.ContainerPhase{Phase: "terminated", Start: at(start), End: at(end), ExitCode: code, Reason: reason}
	}
	restarted := func(c cluster.ContainerState, n int32, last cluster.ContainerPhase) cluster.ContainerState {
		c.Restarts, c.Last = n, last
		return c
	}
	killing := func(pod string, n int32, message string) corev1.Event {
		return corev1.Event{Reason: "Killing", Count: n, Message: message, InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: pod}}
	}
	seen := func(s int, stratum string) Boot {
		return Boot{At: time.Duration(s) * second, Resolution: second, Period: 10 * second, Stratum: stratum}
	}
	cut := func(s int, stratum string) Boot {
		return Boot{At: time.Duration(s) * second, Killed: true, Stratum: stratum}
	}
	two := podWith("two", "True", 60, up(2))
	two.Containers = append(two.Containers, cluster.ContainerState{Name: "log", State: running0(55)})
	for _, x := range []struct {
		name   string
		pods   []cluster.Pod
		events []corev1.Event
		want   []Boot
		left   Left
	}{
		{"ready", []cluster.Pod{podWith("a", "True", 45, up(2)), podWith("b", "True", 60, up(20))}, nil, []Boot{seen(43, FirstOnNode), seen(40, AgainOnNode)}, Left{}},
		{"ready again, much later", []cluster.Pod{podWith("a", "True", 900, up(2))}, nil, nil, Left{readyLate: 1}},
		{"ready before its restart", []cluster.Pod{podWith("a", "True", 45, up(50))}, nil, nil, Left{readyBefore: 1}},
		{"waits for another container", []cluster.Pod{two}, nil, nil, Left{waited: 1}},
		{"under way", []cluster.Pod{podWith("a", "False", 0, cluster.ContainerState{ImageID: "i", State: running0(980)})}, nil, []Boot{cut(17, FirstOnNode)}, Left{}},
		{"booted but not ready", []cluster.Pod{podWith("a", "False", 0, cluster.ContainerState{State: running0(980), Started: true})}, nil, nil, Left{notReady: 1}},
		{"killed once, as its exit code and age say", []cluster.Pod{podWith("a", "True", 120, restarted(up(80), 1, ended(2, 52, 143, "Error")))}, nil,
			[]Boot{cut(40, FirstOnNode), seen(40, Restarted)}, Left{}},
		{"killed with the whole grace used", []cluster.Pod{podWith("a", "True", 120, restarted(up(85), 1, ended(2, 82, 137, "Error")))}, nil,
			[]Boot{cut(47, FirstOnNode), seen(35, Restarted)}, Left{}},
		{"ended by itself", []cluster.Pod{podWith("a", "True", 120, restarted(up(80), 1, ended(2, 52, 1, "Error")))}, nil, []Boot{seen(40, Restarted)}, Left{otherEnd: 1}},
		{"out of memory", []cluster.Pod{podWith("a", "True", 120, restarted(up(80), 1, ended(2, 52, 137, "OOMKilled")))}, nil, []Boot{seen(40, Restarted)}, Left{otherEnd: 1}},
		{"stopped after hours", []cluster.Pod{podWith("a", "True", 9045, restarted(up(9000), 1, ended(2, 8000, 143, "Error")))}, nil, []Boot{seen(45, Restarted)}, Left{otherEnd: 1}},
		{"killed three times, as events say", []cluster.Pod{podWith("a", "True", 240, restarted(up(200), 3, ended(140, 190, 0, "Completed")))},
			[]corev1.Event{killing("a", 3, "Container app failed startup probe, will be restarted"), killing("b", 5, "Container app failed startup probe, will be restarted"),
				killing("a", 5, "Container app failed liveness probe, will be restarted"), killing("a", 5, "Container log failed startup probe, will be restarted")},
			[]Boot{cut(40, Restarted), cut(40, Restarted), cut(40, Restarted), seen(40, Restarted)}, Left{}},
		{"another container's pod", []cluster.Pod{{Meta: cluster.Meta{Name: "x"}, Containers: []cluster.ContainerState{{Name: "other", State: running0(0)}}}}, nil, nil, Left{}},
	} {
		got, left := FromPods(x.pods, x.events, watch, at(1000))
		if len(got) == 0 {
			got = nil
		}
		if d := cmp.Diff(x.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", x.name, d)
		}
		if d := cmp.Diff(x.left, left); d != "" {
			t.Errorf("%s, left out (-want +got)\n%s", x.name, d)
		}
	}
}

// A boot that is shorter than the initial delay is seen at the first probe, and says nothing of how short it was.
func TestDelayHidesTheBeginning(t *testing.T) {
	w := watch
	w.Delay = 30 * second
	if b := w.seen(35 * second); b.outer() != (span{0, 36}) {
		t.Errorf("%+v spans %v", b, b.outer())
	}
	if b := w.seen(55 * second); b.outer() != (span{44, 56}) {
		t.Errorf("%+v spans %v", b, b.outer())
	}
}

func TestFromPrometheus(t *testing.T) {
	all := func(string, string) bool { return true }
	const head, tail = `{"status":"success","data":{"resultType":"matrix","result":[`, `]}}`
	started := func(pod, values string) string {
		return `{"metric":{"__name__":"kube_pod_container_state_started","namespace":"shop","pod":"` + pod + `","container":"app"},"values":[` + values + `]}`
	}
	ready := func(pod, values string) string {
		return `{"metric":{"__name__":"kube_pod_status_ready_time","namespace":"shop","pod":"` + pod + `"},"values":[` + values + `]}`
	}
	seen := func(s int) Boot { return Boot{At: time.Duration(s) * second, Resolution: second, Period: 10 * second} }
	cut := Boot{At: 40 * second, Killed: true}
	for _, x := range []struct {
		name, text string
		want       []Boot
		left       Left
		err        string
	}{
		{name: "one", text: head + started("a", `[100,"60"],[115,"60"]`) + "," + ready("a", `[115,"102"]`) + tail, want: []Boot{seen(42)}, left: Left{}},
		{name: "killed twice, then up", text: head + started("a", `[100,"60"],[115,"110"],[130,"170"]`) + "," + ready("a", `[300,"211"]`) + tail, want: []Boot{cut, cut, seen(41)}, left: Left{}},
		{name: "crashed", text: head + started("a", `[100,"60"],[115,"75"]`) + "," + ready("a", `[300,"116"]`) + tail, want: []Boot{seen(41)}, left: Left{otherEnd: 1}},
		{name: "under way", text: head + started("a", `[100,"60"],[85,"60"]`) + tail, want: []Boot{{At: 40 * second, Killed: true}}, left: Left{}},
		{name: "never ready", text: head + started("a", `[100,"60"],[885,"60"]`) + tail, left: Left{notReady: 1}},
		{name: "differences", text: head + `{"metric":{"pod":"a","container":"app"},"values":[[100,"42"],[115,"42"],[400,"39"],[500,"NaN"],[600,"-5"]]}` + tail, want: []Boot{seen(42), seen(39)}, left: Left{readyBefore: 1}},
		{name: "an instant", text: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"pod":"a"},"value":[100,"42"]}]}}`, want: []Boot{seen(42)}, left: Left{}},
		{name: "others", text: head + started("a", `[100,"60"]`) + `,{"metric":{"__name__":"up","pod":"a"},"values":[[1,"1"]]},{"metric":{"pod":"a","container":"log"},"values":[[1,"1"]]}` + "," + ready("a", `[115,"102"]`) + tail,
			want: []Boot{seen(42)}, left: Left{"of the metric up": 1, "of another workload or container": 1}},
		{name: "error", text: `{"status":"error","error":"query timed out"}`, err: "it is an error of Prometheus: query timed out"},
		{name: "no answer", text: `[]`, err: "it is no answer of Prometheus"},
		{name: "other JSON", text: `{"a":1}`, err: "it is no answer of Prometheus"},
		{name: "a scalar", text: `{"status":"success","data":{"resultType":"scalar","result":[]}}`, err: "the result is a scalar"},
		{name: "no numbers", text: head + started("a", `[100,"soon"]`) + tail, err: "invalid syntax"},
	} {
		got, left, err := FromPrometheus([]byte(x.text), watch, all)
		if x.err != "" {
			if err == nil || !strings.Contains(err.Error(), x.err) {
				t.Errorf("%s: %v, want %s", x.name, err, x.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		if d := cmp.Diff(x.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", x.name, d)
		}
		if d := cmp.Diff(x.left, left); d != "" {
			t.Errorf("%s, left out (-want +got)\n%s", x.name, d)
		}
	}
	if _, left, err := FromPrometheus([]byte(head+started("a", `[100,"60"]`)+tail), watch, func(_, pod string) bool { return pod != "a" }); err != nil || left["of another workload or container"] != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// The order of boots does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	var all []Boot
	for i := range 60 {
		all = append(all, Boot{At: time.Duration(30+i%17) * second, Resolution: second, Period: 10 * second, Killed: i%9 == 0})
	}
	want := NewSample(all).Over(60, 10)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if got := NewSample(all).Over(60, 10); got != want {
		t.Errorf("%+v, in another order %+v", want, got)
	}
}
