module github.com/fairway-k8s/fairway/health

go 1.26.0
