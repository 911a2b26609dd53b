// An app with what CDK has for receiving: a set with drop-spam, an allow list, and the call that activates the set.
const { App, Stack } = require('aws-cdk-lib');
const s3 = require('aws-cdk-lib/aws-s3');
const ses = require('aws-cdk-lib/aws-ses');
const actions = require('aws-cdk-lib/aws-ses-actions');
const sns = require('aws-cdk-lib/aws-sns');
const custom = require('aws-cdk-lib/custom-resources');

const app = new App({ outdir: process.argv[2], analyticsReporting: false });
const stack = new Stack(app, 'activated', { env: { account: '111122223333', region: 'us-east-1' } });
const domain = new ses.EmailIdentity(stack, 'Domain', { identity: ses.Identity.domain('example.com') });
const topic = new sns.Topic(stack, 'Told');
const bucket = new s3.Bucket(stack, 'Inbox', { bucketName: 'cdk-activated' });
const rules = new ses.ReceiptRuleSet(stack, 'Rules', {
  receiptRuleSetName: 'cdk-activated',
  dropSpam: true,
  rules: [{
    receiptRuleName: 'store',
    recipients: ['example.com'],
    scanEnabled: true,
    actions: [new actions.AddHeader({ name: 'X-Rule', value: 'store' }), new actions.S3({ bucket, topic, objectKeyPrefix: 'mail/' })],
  }],
});
rules.node.addDependency(domain);
new ses.AllowListReceiptFilter(stack, 'Allowed', { ips: ['127.0.0.0/8'] });
new custom.AwsCustomResource(stack, 'Activation', {
  onUpdate: {
    service: 'SES',
    action: 'setActiveReceiptRuleSet',
    parameters: { RuleSetName: rules.receiptRuleSetName },
    physicalResourceId: custom.PhysicalResourceId.of('active'),
  },
  onDelete: { service: 'SES', action: 'setActiveReceiptRuleSet' },
  policy: custom.AwsCustomResourcePolicy.fromSdkCalls({ resources: ['*'] }),
  installLatestAwsSdk: false,
});
app.synth();
