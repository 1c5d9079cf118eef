package spell

import "testing"

func TestDistance(t *testing.T) {
	for _, x := range []struct {
		a, b              string
		distance, swapped int
	}{
		{"", "", 0, 0},
		{"", "abc", 3, 3},
		{"replica", "replicas", 1, 1},
		{"kitten", "sitting", 3, 3},
		{"prot", "port", 2, 1},
		{"tpye", "type", 2, 1},
		{"ca", "abc", 3, 3}, // optimal string alignment does not edit between the swapped
		{"same", "same", 0, 0},
	} {
		for _, ab := range [][2]string{{x.a, x.b}, {x.b, x.a}} {
			if got := Distance(ab[0], ab[1]); got != x.distance {
				t.Errorf("Distance(%q, %q) is %d, want %d", ab[0], ab[1], got, x.distance)
			}
			if got := Swapped(ab[0], ab[1]); got != x.swapped {
				t.Errorf("Swapped(%q, %q) is %d, want %d", ab[0], ab[1], got, x.swapped)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"name", "owner", "image", "images"}
	for word, want := range map[string]string{"imagee": "image", "nmae": "name", "owner": "owner", "replicas": ""} {
		if got := Nearest(word, names, 2); got != want {
			t.Errorf("Nearest(%q) is %q, want %q", word, got, want)
		}
	}
}
