package state

import (
	"testing"

	"github.com/fairway-k8s/fairway/internal/testkit/ruletest"
)

func TestRules(t *testing.T) { ruletest.Run(t, Rules()...) }
