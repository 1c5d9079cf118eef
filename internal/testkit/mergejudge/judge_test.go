package mergejudge

import (
	"slices"
	"strings"
	"testing"
)

const service = `# head
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2 # two zones
  template:
    spec:
      containers:
        - name: app
          image: shop:1
          args: [serve, --fast]
          env:
            - name: LEVEL
              value: info
            - name: PORT
              value: "80"
          resources:
            requests:
              cpu: 100m
          # Never restart for others.
          livenessProbe:
            httpGet: {path: /live, port: 80}
            periodSeconds: 10
            failureThreshold: 3
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: shop
spec:
  podSelector: {}
  egress:
    - to:
        - ipBlock: {cidr: 10.0.0.0/8}
      ports:
        - port: 443
        - port: 80
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
data:
  shop.conf: |
    currency = EUR
    # not a comment
    timeout = 1s
`

// edit makes a version of a file from OLD=>NEW lines; each old text must be there.
func edit(t *testing.T, data string, edits ...string) string {
	t.Helper()
	for _, e := range edits {
		old, now, ok := strings.Cut(e, "=>")
		if !ok || !strings.Contains(data, old) {
			t.Fatalf("the edit %q fits nowhere", e)
		}
		data = strings.Replace(data, old, now, 1)
	}
	return data
}

const probe = `          # Never restart for others.
          livenessProbe:
            httpGet: {path: /live, port: 80}
            periodSeconds: 10
            failureThreshold: 3
`

const container = "Deployment shop spec.template.spec.containers[name=app]"

func TestJudge(t *testing.T) {
	type edits []string
	sidecar := "      containers:\n=>      containers:\n        - name: proxy\n          image: proxy:1\n"
	tests := []struct {
		name                 string
		ours, theirs, merged edits // merged is made from ours, with the edits of theirs that arrive
		conflicts            []string
		want                 []string // guarantee and weak, such as "a" or "d weak"
	}{
		{name: "nothing", want: nil},
		{name: "both sides, apart", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"periodSeconds: 10=>periodSeconds: 20"}, merged: edits{"periodSeconds: 10=>periodSeconds: 20"}},
		{name: "a value of ours is overwritten", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"replicas: 2=>replicas: 3"}, merged: edits{"replicas: 6=>replicas: 3"}, want: []string{"a"}},
		{name: "a value of ours is lost", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"shop:1=>shop:2"}, merged: edits{"shop:1=>shop:2", "replicas: 6=>replicas: 2"}, want: []string{"a"}},
		{name: "a value that nobody changed is another", theirs: edits{"shop:1=>shop:2"}, merged: edits{"shop:1=>shop:2", "info=>debug"}, want: []string{"a", "d weak"}},
		{name: "a value of theirs does not arrive", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"shop:1=>shop:2"}, want: []string{"b"}},
		{name: "a conflict that nobody reports", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"replicas: 2=>replicas: 3"}, want: []string{"c"}},
		{name: "a reported conflict", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"replicas: 2=>replicas: 3"}, conflicts: []string{"Deployment shop spec.replicas"}},
		{name: "a conflict reported elsewhere", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"replicas: 2=>replicas: 3"}, conflicts: []string{container + ".image"}, want: []string{"c", "c weak"}},
		{name: "a conflict of another object", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"replicas: 2=>replicas: 3"}, conflicts: []string{"Deployment other spec.replicas"}, want: []string{"c", "c weak"}},
		{name: "a needless conflict", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"shop:1=>shop:2"}, conflicts: []string{container + ".image"}, want: []string{"c weak"}},
		{name: "a removed probe stays removed", ours: edits{probe + "=>"}, theirs: edits{"periodSeconds: 10=>periodSeconds: 20"}, conflicts: []string{container + ".livenessProbe"}},
		{name: "a removed probe comes back in part", ours: edits{probe + "=>"}, theirs: edits{"periodSeconds: 10=>periodSeconds: 20"}, merged: edits{"100m\n=>100m\n          livenessProbe:\n            periodSeconds: 20\n"}, conflicts: []string{container + ".livenessProbe"}, want: []string{"f"}},
		{name: "a removed probe comes back untouched", ours: edits{probe + "=>"}, theirs: edits{"shop:1=>shop:2"}, merged: edits{"shop:1=>shop:2", "100m\n=>100m\n          livenessProbe:\n            failureThreshold: 3\n"}, want: []string{"f"}},
		{name: "a removed comment comes back", ours: edits{" # two zones=>"}, theirs: edits{"shop:1=>shop:2"}, merged: edits{"shop:1=>shop:2", "replicas: 2=>replicas: 2 # two zones"}, want: []string{"f weak"}},
		{name: "a comment of ours is lost", ours: edits{"info=>info # loud"}, theirs: edits{"info=>warning"}, merged: edits{"info # loud=>warning"}, want: []string{"e"}},
		{name: "a comment that theirs changed arrives", ours: edits{"info=>debug"}, theirs: edits{"two zones=>three zones"}, merged: edits{"two zones=>three zones"}},
		{name: "a comment that theirs changed does not arrive", ours: edits{"info=>debug"}, theirs: edits{"two zones=>three zones"}, want: []string{"b weak", "e weak"}},
		{name: "comments change places", ours: edits{"info=>info # loud", "value: \"80\"=>value: \"80\" # quiet"}, theirs: edits{"replicas: 2=>replicas: 3"}, merged: edits{"replicas: 2=>replicas: 3", "# loud=># new", "# quiet=># loud", "# new=># quiet"}, want: []string{"e", "e", "d"}},
		{name: "a commented-out probe is lost", ours: edits{"            periodSeconds: 10=>            # periodSeconds: 10"}, theirs: edits{"shop:1=>shop:2"}, merged: edits{"shop:1=>shop:2", "            # periodSeconds: 10\n=>"}, want: []string{"e"}},
		{name: "cannot be read", theirs: edits{"shop:1=>shop:2"}, merged: edits{"replicas: 2=>replicas: {2"}, want: []string{"g"}},
		{name: "a key twice", ours: edits{"info=>debug"}, theirs: edits{"  replicas: 2=>  paused: true\n  replicas: 2"}, merged: edits{"  replicas: 2=>  paused: true\n  replicas: 2", "  template:=>  paused: true\n  template:"}, want: []string{"g"}},
		{name: "an item twice", ours: edits{"info=>debug"}, theirs: edits{sidecar}, merged: edits{sidecar, sidecar}, want: []string{"g"}},
		{name: "two probe handlers", ours: edits{"httpGet: {path: /live, port: 80}=>tcpSocket: {port: 80}"}, theirs: edits{"path: /live=>path: /alive"}, merged: edits{"tcpSocket: {port: 80}=>tcpSocket: {port: 80}\n            httpGet: {path: /alive, port: 80}"}, conflicts: []string{container + ".livenessProbe.httpGet"}, want: []string{"f", "g"}},
		{name: "a switch of the handler", theirs: edits{"httpGet: {path: /live, port: 80}=>tcpSocket: {port: 80}"}, ours: edits{"path: /live=>path: /alive"}, conflicts: []string{container + ".livenessProbe.httpGet"}},
		{name: "value and valueFrom", ours: edits{"value: info=>value: debug"}, theirs: edits{"value: info=>valueFrom: {fieldRef: {fieldPath: metadata.name}}"}, merged: edits{"value: debug=>value: debug\n              valueFrom: {fieldRef: {fieldPath: metadata.name}}"}, conflicts: []string{container + ".env[name=LEVEL]"}, want: []string{"g"}},
		{name: "recreate with a rolling update", ours: edits{"  template:=>  strategy: {type: Recreate}\n  template:"}, theirs: edits{"  template:=>  strategy:\n    rollingUpdate: {maxSurge: 1}\n  template:"}, merged: edits{"{type: Recreate}=>{type: Recreate, rollingUpdate: {maxSurge: 1}}"}, want: []string{"g"}},
		{name: "a renamed container", ours: edits{"name: app=>name: main"}, theirs: edits{"periodSeconds: 10=>periodSeconds: 20"}, merged: edits{"periodSeconds: 10=>periodSeconds: 20"}},
		{name: "a renamed container is there again", ours: edits{"name: app=>name: main"}, theirs: edits{"periodSeconds: 10=>periodSeconds: 20"}, merged: edits{"      containers:=>      containers:\n        - name: app\n          livenessProbe: {periodSeconds: 20}"}, want: []string{"f"}},
		{name: "args of both", ours: edits{"[serve, --fast]=>[serve, --fast, --loud]"}, theirs: edits{"[serve, --fast]=>[serve]"}, merged: edits{"[serve, --fast, --loud]=>[serve]"}, want: []string{"a"}},
		{name: "rules of both", ours: edits{"  egress:=>  egress:\n    - to: [{ipBlock: {cidr: 203.0.113.0/24}}]"}, theirs: edits{"  egress:=>  egress:\n    - ports: [{port: 53}]"}, merged: edits{"  egress:=>  egress:\n    - ports: [{port: 53}]"}},
		{name: "a rule of ours is dropped", ours: edits{"  egress:=>  egress:\n    - to: [{ipBlock: {cidr: 203.0.113.0/24}}]"}, theirs: edits{"  egress:=>  egress:\n    - ports: [{port: 53}]"}, merged: edits{"to: [{ipBlock: {cidr: 203.0.113.0/24}}]=>ports: [{port: 53}]"}, want: []string{"a"}},
		{name: "one rule changed by both inside", ours: edits{"port: 443=>port: 8443"}, theirs: edits{"cidr: 10.0.0.0/8=>cidr: 10.1.0.0/16"}, merged: edits{"cidr: 10.0.0.0/8=>cidr: 10.1.0.0/16"}},
		{name: "a text by line", ours: edits{"EUR=>USD"}, theirs: edits{"timeout = 1s=>timeout = 3s"}, merged: edits{"timeout = 1s=>timeout = 3s"}},
		{name: "a text that is overwritten", ours: edits{"EUR=>USD"}, theirs: edits{"timeout = 1s=>timeout = 3s"}, merged: edits{"timeout = 1s=>timeout = 3s", "USD=>EUR"}, want: []string{"a", "a"}},
		{name: "equal amounts", ours: edits{"100m=>0.1"}, theirs: edits{"info=>debug"}, merged: edits{"info=>debug"}},
		{name: "an equal amount taken", ours: edits{"100m=>0.1"}, theirs: edits{"100m=>150m"}, merged: edits{"0.1=>150m"}},
		{name: "theirs only in style", ours: edits{"info=>debug"}, theirs: edits{"value: info=>value: 'info'"}},
		{name: "bytes of ours changed for nothing", ours: edits{"info=>debug"}, theirs: edits{"value: info=>value: 'info'"}, merged: edits{"value: debug=>value: 'debug'"}, want: []string{"d", "d"}},
		{name: "ours untouched, theirs in another style", theirs: edits{"info=>debug"}, merged: edits{"value: info=>value: 'debug'"}, want: []string{"d weak"}},
		{name: "lines of ours in another style", ours: edits{"replicas: 2=>replicas: 6"}, theirs: edits{"info=>debug"}, merged: edits{"info=>debug", "shop:1=>'shop:1'"}, want: []string{"d"}},
		{name: "another order of items", ours: edits{sidecar}, theirs: edits{"info=>debug"}, merged: edits{"value: info=>value: debug", "            - name: PORT\n              value: \"80\"\n=>", "          env:=>          env:\n            - name: PORT\n              value: \"80\""}, want: []string{"a", "d"}},
		{name: "an object of ours removed comes back", ours: edits{service[strings.Index(service, "---\napiVersion: v1"):] + "=>"}, theirs: edits{"info=>debug"}, merged: edits{"info=>debug", "port: 80\n=>port: 80\n" + "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop\n"}, want: []string{"f"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ours := edit(t, service, test.ours...)
			theirs := edit(t, service, test.theirs...)
			merged := edit(t, ours, test.merged...)
			var conflicts []Conflict
			for _, c := range test.conflicts {
				i := strings.LastIndexByte(c, ' ')
				conflicts = append(conflicts, Conflict{Object: c[:i], Field: c[i+1:]})
			}
			faults, err := Judge([]byte(service), []byte(ours), []byte(theirs), []byte(merged), conflicts)
			if err != nil {
				t.Fatal(err)
			}
			var got, all []string
			for _, f := range faults {
				g := f.Guarantee
				if f.Weak {
					g += " weak"
				}
				got, all = append(got, g), append(all, f.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("want %q, got %q\n%s\nmerged:\n%s", test.want, got, strings.Join(all, "\n"), merged)
			}
		})
	}
}
