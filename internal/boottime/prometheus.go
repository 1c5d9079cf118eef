package boottime

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Metrics of kube-state-metrics that tell of boots: when a container started and when its pod became Ready, in seconds of Unix time.
const (
	MetricStarted = "kube_pod_container_state_started"
	MetricReady   = "kube_pod_status_ready_time"
)

// response is what Prometheus' HTTP API answers to query and query_range (prometheus.io/docs/prometheus/latest/querying/api).
type response struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		ResultType string   `json:"resultType"`
		Result     []series `json:"result"`
	} `json:"data"`
}

type series struct {
	Metric map[string]string `json:"metric"`
	Values []sample          `json:"values"`
	Value  *sample           `json:"value"`
}

type sample struct{ at, value float64 }

func (s *sample) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	var text string
	if err := errors.Join(json.Unmarshal(pair[0], &s.at), json.Unmarshal(pair[1], &text)); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(text, 64)
	s.value = v
	return err
}

// podOf is a pod in metrics.
type podOf struct{ namespace, name string }

// FromPrometheus reads boots from the JSON answer of Prometheus to a range query, for the pods that of accepts. It holds [MetricStarted] and
// [MetricReady], which are joined; or series without a name, whose values are seconds from start to Ready. A start that is followed by
// another one, with no Ready between them, is a boot that was killed when the time between them is long enough for the probe to do so.
func FromPrometheus(data []byte, w Watch, of func(namespace, pod string) bool) ([]Boot, Left, error) {
	var r response
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, nil, fmt.Errorf("it is no answer of Prometheus: %w", err)
	}
	switch {
	case r.Status == "error":
		return nil, nil, fmt.Errorf("it is an error of Prometheus: %s", r.Error)
	case r.Status != "success":
		return nil, nil, errors.New(`it is no answer of Prometheus: there is no "status"`)
	case r.Data.ResultType != "matrix" && r.Data.ResultType != "vector":
		return nil, nil, fmt.Errorf("the result is a %s, not a matrix as query_range has it", r.Data.ResultType)
	}
	type times struct {
		starts, readies []float64
		last            float64
	}
	pods := map[podOf]*times{}
	var order []podOf
	var boots []Boot
	left := Left{}
	for _, s := range r.Data.Result {
		if s.Value != nil {
			s.Values = append(s.Values, *s.Value)
		}
		p := podOf{s.Metric["namespace"], s.Metric["pod"]}
		if c := s.Metric["container"]; p.name != "" && !of(p.namespace, p.name) || c != "" && c != w.Container {
			left["of another workload or container"]++
			continue
		}
		name := s.Metric["__name__"]
		if name == "" { // a difference: it changes with each boot
			for _, v := range distinct(s.Values) {
				if v >= 0 && v <= longest.Seconds() {
					boots = append(boots, w.seen(seconds(v)))
				} else {
					left[readyBefore]++
				}
			}
			continue
		}
		if name != MetricStarted && name != MetricReady {
			left["of the metric "+name]++
			continue
		}
		t := pods[p]
		if t == nil {
			t = &times{}
			pods[p], order = t, append(order, p)
		}
		if name == MetricStarted {
			t.starts = append(t.starts, distinct(s.Values)...)
		} else {
			t.readies = append(t.readies, distinct(s.Values)...)
		}
		for _, v := range s.Values {
			t.last = max(t.last, v.at)
		}
	}
	for _, p := range order {
		t := pods[p]
		slices.Sort(t.starts)
		slices.Sort(t.readies)
		starts, readies := slices.Compact(t.starts), slices.Compact(t.readies)
		for i, start := range starts {
			end := math.Inf(1)
			if i+1 < len(starts) {
				end = starts[i+1]
			}
			j, _ := slices.BinarySearch(readies, start)
			switch again := i+1 < len(starts); {
			case j < len(readies) && readies[j] < end:
				took := seconds(readies[j] - start)
				if w.To > 0 && took > w.To+w.Period+w.Extra+slack || took > longest {
					left[readyLate]++
					continue
				}
				boots = append(boots, w.seen(took))
			case len(readies) == 0 && !again && t.last-start > w.To.Seconds():
				left[notReady]++
			case again && w.To > 0 && seconds(end-start) >= w.From:
				boots = append(boots, Boot{At: w.From, Killed: true})
			case again:
				left[otherEnd]++
			default: // under way at the last sample
				boots = append(boots, Boot{At: max(min(seconds(t.last-start), w.From), 0), Killed: true})
			}
		}
		if len(starts) == 0 {
			left[noTimes]++
		}
	}
	return boots, left, nil
}

// distinct returns the values of samples that are times or spans of seconds, each once, in the order of their first time.
func distinct(samples []sample) (out []float64) {
	seen := map[float64]bool{}
	for _, s := range samples {
		if math.Abs(s.value) <= latest && !seen[s.value] { // NaN and the infinities are not
			seen[s.value] = true
			out = append(out, s.value)
		}
	}
	return out
}

// latest is the end of the year 9999 in seconds of Unix time. The difference of two such times, cut to a Duration, says so; that of larger ones may say anything.
const latest = 253402300799

// seconds is a number of seconds, at the most what a Duration holds.
func seconds(x float64) time.Duration {
	return time.Duration(min(max(x*float64(time.Second), math.MinInt64/2), math.MaxInt64/2))
}
