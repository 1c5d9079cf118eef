package boottime_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/boottime"
)

func all(string, string) bool { return true }

// Values that are no times are none, whatever Go makes of them as integers.
func TestPrometheusWithoutTimes(t *testing.T) {
	for _, x := range [][2]string{{"-Inf", "+Inf"}, {"-1e300", "1e300"}, {"NaN", "150"}, {"100", "1e300"}, {"-253402300799", "253402300799"}} {
		data := fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[
			{"metric":{"__name__":%q,"namespace":"n","pod":"a"},"values":[[1000,%q]]},
			{"metric":{"__name__":%q,"namespace":"n","pod":"a"},"values":[[1000,%q]]}]}}`, boottime.MetricStarted, x[0], boottime.MetricReady, x[1])
		boots, _, err := boottime.FromPrometheus([]byte(data), boottime.Watch{}, all)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range boots {
			if !b.Killed || b.At < 0 {
				t.Errorf("from %s to %s: a boot of %v", x[0], x[1], b)
			}
		}
	}
}

// A file of 64 MiB holds so many samples; each was compared with each.
func TestPrometheusIsLinear(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"40"]`)
	const n = 400_000
	for i := range n {
		fmt.Fprintf(&b, `,[%d,"%f"]`, i, 41+float64(i)/1e4)
	}
	b.WriteString(`]}]}}`)
	began := time.Now()
	boots, _, err := boottime.FromPrometheus([]byte(b.String()), boottime.Watch{}, all)
	if err != nil || len(boots) != n+1 {
		t.Fatalf("%d boots, %v", len(boots), err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
}
