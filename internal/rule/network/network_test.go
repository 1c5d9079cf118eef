package network

import (
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/ruletest"
)

func Test(t *testing.T) { ruletest.Run(t, Rules()...) }

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"shop", "shop", 0}, {"shop", "shpo", 1}, {"hsop", "shop", 1}, {"ab", "ba", 1}, {"abc", "ca", 3}, {"checkout", "check-out", 1}, {"shop", "", 4}, {"chckout", "checkout", 1}, {"http", "web", 4},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
