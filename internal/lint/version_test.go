package lint

import (
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/load"
)

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]string{"": "", "1.34": "1.34", "v1.34": "1.34", "1.34.2": "1.34", "1.20": "error", "latest": "error", "1": "error"} {
		got, err := ParseVersion(in)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("ParseVersion(%q) is %q (%v), want %q", in, got, err, want)
		}
	}
}

// spec.volumes[].image came into the API before 1.33, containers[].restartPolicyRules with 1.34.
func TestNewerFields(t *testing.T) {
	in := load.Strings(map[string]string{"a.yaml": `
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  restartPolicy: Never
  containers:
    - name: a
      image: shop/a:1
      restartPolicy: Never
      restartPolicyRules:
        - action: Restart
          exitCodes: {operator: In, values: [42]}
`})
	for version, want := range map[string]string{
		"1.33": "restartPolicyRules is a field since Kubernetes 1.34; an API server of 1.33 does not know it",
		"1.34": "", "1.36": "", "": "",
	} {
		var got []string
		for _, p := range newerFields(in.Objects[0].Root, "v1", "Pod", version) {
			got = append(got, p.Message)
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%q: got %q, want %q", version, s, want)
		}
	}
}
