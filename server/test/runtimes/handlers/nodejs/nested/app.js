exports.handler = () => 'nested'
