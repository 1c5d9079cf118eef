package kubelet

import (
	"fmt"
	"strings"
	"time"

	. "github.com/fairway-k8s/fairway/internal/testkit/probescenario"
)

// around shows both traces near the instant.
func around(want, got Trace, at time.Duration) string {
	var b strings.Builder
	show := func(name string, t Trace) {
		fmt.Fprintf(&b, "%s:\n", name)
		before := 0
		for i, e := range t {
			if e.At < at {
				before = i
			}
		}
		for i, e := range t {
			if i > before-12 && e.At <= at+20*time.Second {
				fmt.Fprintf(&b, "  %v %v n=%d %v on=%v code=%d until=%v\n", e.At, e.Type, e.Incarnation, e.Kind, e.On, e.Code, e.Until)
			}
		}
	}
	show("kubelet", want)
	show("model", got)
	return b.String()
}
