package cluster

import "testing"

func TestAbove(t *testing.T) {
	for _, c := range []struct {
		dir, folder string
		want        bool
	}{
		{".", ".", true}, {".", "deploy/base", true}, {"..", ".", true}, {"../..", "deploy", true}, {"..", "../shop", true},
		{".", "..", false}, {"..", "../../shop", false}, {"../shop", "../shop/deploy", true}, {"../shop", "deploy", false},
		{"shop", "shop/deploy", true}, {"shop", "shopping", false}, {".", "/shop", false}, {"..", "/shop", false}, {"/", "/shop", true},
		{"/shop", "/shop/deploy", true}, {"/shop", "shop", false},
	} {
		if got := above(c.dir, c.folder); got != c.want {
			t.Errorf("above(%q, %q) = %t, want %t", c.dir, c.folder, got, c.want)
		}
	}
}
