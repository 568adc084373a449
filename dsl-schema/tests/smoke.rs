//! A correct file becomes a graph.

#[test]
fn a_correct_file_becomes_a_graph() {
    let text = r#"
version: 1
name: release
inputs:
  service: {type: string}
env: {MODE: no}
defaults: {timeout: 30m, retry: {max_attempts: 2}}
steps:
  build:
    run: |
      make
    outputs: {version: {type: string}}
  approve:
    needs: build
    approval: {message: "Deploy {{ inputs.service }}?", approvers: ["group:ops"], timeout: 24h}
    goto: [{to: build, on: rejected, max: 3}]
  deploy:
    needs: approve
    http: {method: post, url: "https://deploy.example/{{ inputs.service }}", expect: {status: [200, 2xx]}}
  verify:
    needs: deploy
    run: "true"
    goto: [{to: deploy, max: 5, delay: 30s}]
  rollback: {needs: {verify: catch}, run: ./rollback.sh}
outputs: {version: steps.build.outputs.version}
"#;
    let compiled = loopline_dsl::compile(text);
    println!("{}", loopline_dsl::render_pretty("release.yaml", text, &compiled.diagnostics, false));
    let graph = compiled.graph.expect("a graph");
    println!("{}", serde_json::to_string_pretty(&graph).expect("json"));
    assert_eq!(graph.steps.len(), 5);
}
