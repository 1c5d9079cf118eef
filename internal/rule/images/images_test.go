package images

import (
	"math/rand/v2"
	"testing"

	ref "github.com/distribution/reference"

	"github.com/fairway-k8s/fairway/internal/testkit/ruletest"
)

func TestRules(t *testing.T) { ruletest.Run(t, Rules()...) }

// The quick yes never says yes to what the library refuses.
func TestPlainAgreesWithTheLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const bytes = "abz09AZ._-/:@ "
	yes := 0
	for range 200_000 {
		b := make([]byte, 1+rng.IntN(14))
		for i := range b {
			b[i] = bytes[rng.IntN(len(bytes))]
		}
		image := string(b)
		if !plain(image) {
			continue
		}
		yes++
		if _, err := ref.ParseNormalizedNamed(image); err != nil {
			t.Errorf("plain says yes to %q, the library says %v", image, err)
		}
	}
	if yes < 1000 {
		t.Errorf("only %d of the random references were plain: the test compares too little", yes)
	}
}
