exports.handler = () => 'dotted'
