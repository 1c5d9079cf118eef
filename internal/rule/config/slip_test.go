package config

import "testing"

func TestSlip(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"checkout-config", "checkout-conf", true},
		{"checkout-config", "chekout-config", true},
		{"checkout-config", "checkuot-config", true},
		{"checkout-config", "checkout-donfig", true},
		{"log-level", "LOG_LEVEL", true},
		{"a-b", "a.b", true},
		{"user-service", "user-services", true},
		{"user-service", "user-service", false},
		{"web", "wob", false},           // too short to tell
		{"config-1", "config-2", false}, // another one
		{"config", "config-v2", false},  // another one
		{"config1", "config", false},    // another one
		{"app-dev", "app-prd", false},   // two letters
		{"app-config", "app-secret", false},
		{"shop-config", "shop-configuration", false},
	} {
		if got := slip(c.a, c.b); got != c.want {
			t.Errorf("slip(%q, %q) = %v", c.a, c.b, got)
		}
		if got := slip(c.b, c.a); got != c.want {
			t.Errorf("slip(%q, %q) = %v", c.b, c.a, got)
		}
	}
}
